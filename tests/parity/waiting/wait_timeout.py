"""A `wait` that is over before its tasks neither raises nor cancels; nor does one that is
cancelled.
"""

import asyncio


async def work(delay):
    await asyncio.sleep(delay)
    return "value"


async def main():
    task = asyncio.create_task(work(0.5))
    done, pending = await asyncio.wait([task], timeout=0.01)
    print(len(done), len(pending), task.cancelling())
    waiting = asyncio.create_task(asyncio.wait([task]))
    await asyncio.sleep(0)
    waiting.cancel()
    try:
        await waiting
    except asyncio.CancelledError:
        print("the wait was cancelled")
    print(await task)


asyncio.run(main())
