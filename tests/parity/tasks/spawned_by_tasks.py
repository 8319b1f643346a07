"""A task that a task makes runs after those that are in line already."""

import asyncio


async def leaf(name):
    print("leaf", name)


async def branch(name):
    print("branch", name)
    await asyncio.gather(leaf(name + "1"), leaf(name + "2"))
    print("branch", name, "ends")


async def main():
    await asyncio.gather(branch("a"), branch("b"), leaf("c"))


asyncio.run(main())
