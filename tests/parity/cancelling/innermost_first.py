"""The innermost catcher gets the request; an outer one gets what that passes on."""

import asyncio


async def work():
    try:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            print("inner")
            raise
    except asyncio.CancelledError:
        print("outer")
    return "value"


async def main():
    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    print(await task)


asyncio.run(main())
