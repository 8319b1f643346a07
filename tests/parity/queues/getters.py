"""Items go to who has waited longest; a cancelled getter loses none."""

import asyncio


async def get(queue, name):
    print(name, "got", await queue.get())


async def main():
    queue = asyncio.Queue()
    tasks = [asyncio.create_task(get(queue, name)) for name in "abc"]
    await asyncio.sleep(0)
    for number in (1, 2):
        queue.put_nowait(number)
    tasks[0].cancel()
    await asyncio.wait(tasks[:3])
    print("left", queue.qsize())


asyncio.run(main())
