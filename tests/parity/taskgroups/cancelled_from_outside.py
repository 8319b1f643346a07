"""Who cancels the task that waits for a group cancels the children; all end before it does.

A group keeps its tasks in a set and cancels them in whatever order that has.
"""

import asyncio


async def child(name, pause):
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(pause)
        print("end of", name)


async def grouped():
    async with asyncio.TaskGroup() as group:
        for name, pause in ("a", 0.05), ("b", 0.1):
            group.create_task(child(name, pause))


async def main():
    task = asyncio.create_task(grouped())
    await asyncio.sleep(0.05)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        print("cancelled")


asyncio.run(main())
