"""Tasks that yield take turns, one step each."""

import asyncio


async def count(name, end):
    for number in range(end):
        print(name, number)
        await asyncio.sleep(0)


async def main():
    ends = (("a", 3), ("b", 1), ("c", 2))
    counting = [asyncio.create_task(count(name, end)) for name, end in ends]
    for number in range(3):
        print("main", number)
        await asyncio.sleep(0)
    await asyncio.gather(*counting)
    print("all counted")


asyncio.run(main())
