"""`as_completed` gives results in the order of completion, and ends when its time is over."""

import asyncio


async def work(name, delay):
    await asyncio.sleep(delay)
    return name


async def main():
    works = [work("c", 0.09), work("a", 0.01), work("b", 0.05)]
    for result in asyncio.as_completed(works):
        print(await result)
    tasks = [asyncio.create_task(work("in time", 0)), asyncio.create_task(work("late", 0.5))]
    try:
        for result in asyncio.as_completed(tasks, timeout=0.1):
            print(await result)
    except asyncio.TimeoutError:
        print("timed out")
    print(await tasks[1])


asyncio.run(main())
