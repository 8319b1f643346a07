"""Who does not wait is told that a queue is full, or empty."""

import asyncio


async def main():
    queue = asyncio.Queue(1)
    try:
        queue.get_nowait()
    except asyncio.QueueEmpty:
        print("empty")
    queue.put_nowait(1)
    try:
        queue.put_nowait(2)
    except asyncio.QueueFull:
        print("full")
    print("got", queue.get_nowait())


asyncio.run(main())
