"""First in first out, last in first out, lowest first."""

import asyncio


async def main():
    for kind in (asyncio.Queue, asyncio.LifoQueue, asyncio.PriorityQueue):
        queue = kind()
        for item in ((2, "b"), (3, "c"), (1, "a")):
            queue.put_nowait(item)
        print(*[(await queue.get())[1] for _ in range(3)])


asyncio.run(main())
