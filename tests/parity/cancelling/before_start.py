"""A task that is cancelled before it starts never starts."""

import asyncio


async def work():
    print("never")


async def main():
    task = asyncio.create_task(work())
    print("cancel", task.cancel())
    try:
        await task
    except asyncio.CancelledError:
        print("cancelled", task.cancelled())
    print("again", task.cancel())


asyncio.run(main())
