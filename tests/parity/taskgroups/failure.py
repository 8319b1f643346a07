"""The first failure cancels the others and the body; all end before the group raises everything.

A group keeps its tasks in a set and cancels them in whatever order that has.
"""

import asyncio


async def bad():
    await asyncio.sleep(0.01)
    raise ValueError("bad")


async def worse():
    try:
        await asyncio.Event().wait()
    finally:
        print("worse cleans up")
        await asyncio.sleep(0.01)
        raise ValueError("worse")


async def good():
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0.005)
        print("good cleans up")


async def main():
    try:
        async with asyncio.TaskGroup() as group:
            for child in (bad(), worse(), good()):
                group.create_task(child)
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0.02)
                print("body cleans up")
    except* ValueError as group:
        print("failures:", *group.exceptions)
    print("requests left:", asyncio.current_task().cancelling())


asyncio.run(main())
