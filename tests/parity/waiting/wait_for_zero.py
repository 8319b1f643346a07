"""No time at all: what is done gives its value, what is not is cancelled before it goes on."""

import asyncio


async def work():
    await asyncio.sleep(0)
    print("never")


async def main():
    done = asyncio.create_task(asyncio.sleep(0, "value"))
    await asyncio.wait([done])
    print(await asyncio.wait_for(done, 0))
    task = asyncio.create_task(work())
    for limit in (0, -1):
        try:
            await asyncio.wait_for(task if limit == 0 else work(), limit)
        except asyncio.TimeoutError:
            print("timed out")
    print("cancelled:", task.cancelled())


asyncio.run(main())
