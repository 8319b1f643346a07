"""A body that swallows the request ends as it likes; the limit still knows that it was over."""

import asyncio


async def main():
    async with asyncio.timeout(0.01) as limit:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            print("asked to end")
        await asyncio.sleep(0.01)
        print("went on")
    print("expired:", limit.expired())


asyncio.run(main())
