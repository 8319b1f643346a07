"""A full queue makes its putters wait, and lets them in in order."""

import asyncio


async def put(queue, item):
    await queue.put(item)
    print("put", item)


async def main():
    queue = asyncio.Queue(maxsize=1)
    tasks = [asyncio.create_task(put(queue, number)) for number in range(3)]
    await asyncio.sleep(0)
    print("full", queue.full(), "size", queue.qsize(), "of", queue.maxsize)
    for _ in range(3):
        print("got", await queue.get())
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    print("empty", queue.empty())


asyncio.run(main())
