"""Tasks start in the order they were made, once their maker waits."""

import asyncio


async def work(name):
    print("start", name)
    await asyncio.sleep(0)
    print("end", name)


async def main():
    tasks = [asyncio.create_task(work(name)) for name in "abc"]
    print("made")
    for task in tasks:
        await task
    print("done")


asyncio.run(main())
