"""A group waits for its children, those of children included; their values are there for the
asking.
"""

import asyncio


async def child(group, name, depth):
    await asyncio.sleep(0)
    if depth:
        group.create_task(child(group, name + "+", depth - 1))
    print("end of", name)
    return name


async def main():
    async with asyncio.TaskGroup() as group:
        a = group.create_task(child(group, "a", 2))
        b = group.create_task(child(group, "b", 0))
        print("body ends")
    print(a.result(), b.result())


asyncio.run(main())
