"""A clean-up runs on every way out; a second request interrupts it."""

import asyncio


async def work(steps):
    try:
        await asyncio.sleep(0)
        if steps == 1:
            raise ValueError("broken")
        if steps == 2:
            await asyncio.Event().wait()
        return "value"
    finally:
        print("clean-up begins")
        await asyncio.sleep(0.01)
        print("clean-up ends")


async def main():
    for steps in range(3):
        task = asyncio.create_task(work(steps))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel() if steps == 2 else None
        try:
            print(await task)
        except (ValueError, asyncio.CancelledError) as error:
            print(type(error).__name__)
    task = asyncio.create_task(work(2))
    for _ in range(3):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    print("interrupted")


asyncio.run(main())
