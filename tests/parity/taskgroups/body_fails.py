"""A body that fails cancels the children; its failure comes last."""

import asyncio


async def child():
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        print("child is cancelled")
        raise ValueError("child")


async def main():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(child())
            await asyncio.sleep(0)
            raise ValueError("body")
    except* ValueError as group:
        print("failures:", *group.exceptions)


asyncio.run(main())
