"""A limit around a group ends its children first; one that fails meanwhile is what comes out."""

import asyncio


async def child(fails):
    try:
        await asyncio.Event().wait()
    finally:
        print("child ends")
        if fails:
            raise ValueError("broken")


async def main():
    for fails in (False, True):
        try:
            async with asyncio.timeout(0.01) as limit:
                async with asyncio.TaskGroup() as group:
                    group.create_task(child(fails))
        except TimeoutError:
            print("timed out")
        except ExceptionGroup as group:
            print("failures:", *group.exceptions)
        print("expired:", limit.expired())


asyncio.run(main())
