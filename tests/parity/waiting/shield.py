"""A shield keeps a cancellation from what is inside, which can still be cancelled by itself."""

import asyncio


async def inner():
    await asyncio.sleep(0.02)
    print("inner goes on")
    return "value"


async def outer(task):
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        print("outer is cancelled")
        raise


async def main():
    task = asyncio.create_task(inner())
    shielding = asyncio.create_task(outer(task))
    await asyncio.sleep(0)
    shielding.cancel()
    await asyncio.wait([shielding])
    print(await task)
    task = asyncio.create_task(inner())
    task.cancel()
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        print("inner was cancelled")


asyncio.run(main())
