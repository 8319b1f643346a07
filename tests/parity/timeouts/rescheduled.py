"""A limit can be looked at, moved and lifted while it runs, and knows afterwards whether it was
over.
"""

import asyncio


async def main():
    now = asyncio.get_running_loop().time
    async with asyncio.timeout(0.02) as limit:
        print("in the future:", limit.when() > now())
        limit.reschedule(now() + 10)
        await asyncio.sleep(0.05)
        limit.reschedule(None)
        print("limit:", limit.when())
    print("expired:", limit.expired())
    try:
        async with asyncio.timeout(None) as limit:
            limit.reschedule(now() - 1)
            print("still here")
            await asyncio.sleep(1)
    except TimeoutError:
        print("expired:", limit.expired())


asyncio.run(main())
