"""What is left at the end of a run is cancelled, and may clean up with awaits."""

import asyncio


async def work():
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0.01)
        print("cleaned up")


async def main():
    for _ in range(2):
        asyncio.create_task(work())
    await asyncio.sleep(0)
    print("main ends")
    return "result"


print(asyncio.run(main()))
