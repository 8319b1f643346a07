"""What is left at the end of a run is cancelled, and may clean up with awaits."""

import asyncio


async def work():
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0.01)
        print("cleaned up")


async def main():
    # Nobody else would keep them from being collected.
    kept = [asyncio.create_task(work()) for _ in range(2)]
    await asyncio.sleep(0)
    print("main ends with", len(kept), "left")
    return "result"


print(asyncio.run(main()))
