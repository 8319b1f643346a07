"""A request that comes after the awaited value and before the next step wins: the value is lost."""

import asyncio


async def take(future):
    print("never", await future)


async def main():
    future = asyncio.Future()
    task = asyncio.create_task(take(future))
    await asyncio.sleep(0)
    future.set_result("value")
    task.cancel()
    await asyncio.wait([task])
    print("cancelled", task.cancelled())
    print("the future keeps its", future.result())


asyncio.run(main())
