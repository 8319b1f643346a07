"""A task that cancels itself is cancelled at its next await."""

import asyncio


async def work():
    asyncio.current_task().cancel()
    print("still running")
    await asyncio.sleep(0)
    print("never")


async def at_return():
    asyncio.current_task().cancel()
    return "never"


async def main():
    for coro in (work(), at_return()):
        task = asyncio.create_task(coro)
        try:
            print(await task)
        except asyncio.CancelledError:
            print("cancelled")


asyncio.run(main())
