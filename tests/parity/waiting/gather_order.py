"""`gather` gives results in the order of its arguments, whoever is done first."""

import asyncio


async def work(name, delay):
    await asyncio.sleep(delay)
    print("done", name)
    return name


async def main():
    print(await asyncio.gather(work(3, 0.06), work(1, 0.01), work(2, 0.03)))
    print(await asyncio.gather())


asyncio.run(main())
