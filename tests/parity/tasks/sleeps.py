"""Who sleeps shorter wakes first, whatever was begun first; a sleep gives the result it is told."""

import asyncio


async def nap(name, delay):
    print(name, "gets", await asyncio.sleep(delay, name * 2))


async def main():
    await asyncio.gather(nap("c", 0.09), nap("a", 0.01), nap("b", 0.05), nap("now", 0))
    print("below zero", await asyncio.sleep(-1, "too"))


asyncio.run(main())
