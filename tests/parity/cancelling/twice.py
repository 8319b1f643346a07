"""Two requests before the task runs again are counted, and come as one, with the first's words."""

import asyncio


async def work():
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError as error:
        print("asked:", error)
        print("requests", asyncio.current_task().cancelling())
    await asyncio.sleep(0)
    print("asked no more")
    return "went on"


async def main():
    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    print(task.cancel("one"), task.cancel("two"))
    print(await task)


asyncio.run(main())
