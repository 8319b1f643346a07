"""A failure is the awaiter's, and can be looked at as often as one likes."""

import asyncio


async def fail():
    raise ValueError("broken")


async def main():
    task = asyncio.create_task(fail())
    try:
        await task
    except ValueError as error:
        print("caught", error)
    task = asyncio.create_task(fail())
    await asyncio.wait([task])
    print("done", task.done(), "cancelled", task.cancelled())
    print("exception", task.exception())
    print("exception", task.exception())
    print("cancel", task.cancel())


asyncio.run(main())
