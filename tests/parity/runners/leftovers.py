"""What is left at the end of a run is cancelled, and may clean up with awaits."""

import asyncio


async def work(name):
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0.01)
        print(name, "cleaned up")


async def main():
    for name in "ab":
        asyncio.create_task(work(name))
    await asyncio.sleep(0)
    print("main ends")
    return "result"


print(asyncio.run(main()))
