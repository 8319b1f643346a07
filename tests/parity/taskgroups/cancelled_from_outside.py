"""Who cancels the task that waits for a group cancels the children; all end before it does."""

import asyncio


async def child(name):
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0.05)
        print("end of", name)


async def grouped():
    async with asyncio.TaskGroup() as group:
        for name in "ab":
            group.create_task(child(name))


async def main():
    task = asyncio.create_task(grouped())
    await asyncio.sleep(0.05)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        print("cancelled")


asyncio.run(main())
