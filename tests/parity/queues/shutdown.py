# Since 3.13: queues can be shut down.
"""A queue that is shut down takes nothing, gives what it has, and then says so; at once, it drops
all.
"""

import asyncio


async def main():
    queue = asyncio.Queue()
    queue.put_nowait("kept")
    queue.shutdown()
    try:
        await queue.put("refused")
    except asyncio.QueueShutDown:
        print("nothing goes in")
    print("got", await queue.get())
    try:
        await queue.get()
    except asyncio.QueueShutDown:
        print("nothing comes out")
    queue = asyncio.Queue()
    queue.put_nowait("dropped")
    queue.shutdown(immediate=True)
    await queue.join()
    print("size", queue.qsize())
    try:
        queue.get_nowait()
    except asyncio.QueueShutDown:
        print("shut down")


asyncio.run(main())
