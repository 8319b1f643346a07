"""Requests are counted, and can be taken back by whoever made them."""

import asyncio


async def work():
    me = asyncio.current_task()
    for _ in range(2):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            print("requests", me.cancelling())
    print("left", me.uncancel(), me.uncancel(), me.uncancel())
    return "value"


async def main():
    task = asyncio.create_task(work())
    for _ in range(2):
        await asyncio.sleep(0)
        task.cancel()
    print(await task)
    print("when done", task.cancelling())


asyncio.run(main())
