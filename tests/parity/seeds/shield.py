"""The second text on `shield`: its awaiter is cancelled, what it shields goes on; unless that gives
up.
"""

import asyncio


async def something(gives_up):
    await asyncio.sleep(0.01)
    if gives_up:
        raise asyncio.CancelledError
    print("something is done")


async def cor(gives_up):
    try:
        await asyncio.shield(something(gives_up))
    except asyncio.CancelledError:
        print("CancelledError")


async def main():
    task = asyncio.create_task(cor(False))
    await asyncio.sleep(0)
    task.cancel()
    await task
    await asyncio.sleep(0.03)
    await cor(True)


asyncio.run(main())
