"""A request that comes after the end changes nothing."""

import asyncio


async def work():
    return "value"


async def main():
    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    print("done", task.done())
    print("cancel", task.cancel(), "requests", task.cancelling())
    print(await task)


asyncio.run(main())
