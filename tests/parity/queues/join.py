"""`join` waits until every item was worked off, and not merely taken."""

import asyncio


async def work(queue):
    while True:
        item = await queue.get()
        await asyncio.sleep(0.01)
        print("worked off", item)
        queue.task_done()


async def main():
    queue = asyncio.Queue()
    await queue.join()
    print("nothing to wait for")
    worker = asyncio.create_task(work(queue))
    for item in "abc":
        queue.put_nowait(item)
    await queue.join()
    print("joined")
    try:
        queue.task_done()
    except ValueError:
        print("too often")
    worker.cancel()


asyncio.run(main())
