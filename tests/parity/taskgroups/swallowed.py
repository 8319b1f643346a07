"""A body that swallows its group's request goes on, and may wait; the group raises at its end."""

import asyncio


async def fail():
    raise ValueError("broken")


async def main():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                print("swallowed")
            await asyncio.sleep(0.01)
            print("went on")
    except* ValueError as group:
        print("failures:", *group.exceptions)


asyncio.run(main())
