"""`wait_for` gives the value in time, or cancels and raises; it waits for the end of the clean-up.
`wait_for` gives the value in time, or cancels and raises; it waits for the end of the clean-up.
"""

import asyncio


async def work(delay):
    try:
        await asyncio.sleep(delay)
        return "value"
    except asyncio.CancelledError:
        await asyncio.sleep(0.01)
        print("cleaned up")
        raise


async def main():
    print(await asyncio.wait_for(work(0), 1))
    print(await asyncio.wait_for(work(0.01), None))
    task = asyncio.create_task(work(10))
    try:
        await asyncio.wait_for(task, 0.02)
    except asyncio.TimeoutError:
        print("timed out; cancelled:", task.cancelled())


asyncio.run(main())
