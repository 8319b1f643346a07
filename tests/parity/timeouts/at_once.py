"""A limit that is over from the start leaves what never waits alone, and ends the rest at its first
wait.
"""

import asyncio


async def main():
    async with asyncio.timeout(0):
        print("untouched")
    try:
        async with asyncio.timeout_at(asyncio.get_running_loop().time() - 1):
            print("begins")
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            print("never")
    except TimeoutError:
        print("timed out")


asyncio.run(main())
