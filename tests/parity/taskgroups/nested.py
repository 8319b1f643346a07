"""A failure outside cancels the inner group's children, and comes out flat; one inside comes
nested.
"""

import asyncio


async def wait(name):
    try:
        await asyncio.Event().wait()
    finally:
        print(name, "is cancelled")


async def fail(name):
    raise ValueError(name)


async def main():
    try:
        async with asyncio.TaskGroup() as outer:
            async with asyncio.TaskGroup() as inner:
                inner.create_task(wait("inner"))
                await asyncio.sleep(0)
                outer.create_task(fail("outer"))
    except ExceptionGroup as group:
        print("flat:", *group.exceptions)
    try:
        async with asyncio.TaskGroup() as outer:
            outer.create_task(wait("outer"))
            await asyncio.sleep(0)
            async with asyncio.TaskGroup() as inner:
                inner.create_task(fail("inner"))
    except ExceptionGroup as group:
        print("nested:", *group.exceptions[0].exceptions)


asyncio.run(main())
