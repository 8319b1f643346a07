# Since 3.12: what a task answers to its cancellation is the result, where 3.11 raises TimeoutError.
"""A task that answers its cancellation with a value gives that, though the time was over."""

import asyncio


async def stubborn():
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        return "all the same"


async def main():
    print(await asyncio.wait_for(stubborn(), 0.01))
    print(await asyncio.wait_for(asyncio.create_task(stubborn()), 0.01))


asyncio.run(main())
