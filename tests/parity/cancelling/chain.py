"""Cancelling a task that waits for a task cancels that one, which may refuse."""

import asyncio


async def inner(refuses):
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        print("inner is asked")
        if not refuses:
            raise
    return "inner's answer"


async def outer(refuses):
    try:
        return await asyncio.create_task(inner(refuses))
    finally:
        print("outer ends")


async def main():
    for refuses in (False, True):
        task = asyncio.create_task(outer(refuses))
        await asyncio.sleep(0.05)
        task.cancel()
        try:
            print(await task)
        except asyncio.CancelledError:
            print("outer was cancelled")


asyncio.run(main())
