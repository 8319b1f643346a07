"""`all_tasks` knows the unfinished ones, its caller among them."""

import asyncio


async def forever():
    await asyncio.Event().wait()


def names(tasks):
    return " ".join(sorted(task.get_name() for task in tasks))


async def main():
    asyncio.current_task().set_name("main")
    for name in ("a", "b"):
        task = asyncio.create_task(forever(), name=name)
    print(names(asyncio.all_tasks()))
    task.cancel()
    await asyncio.wait([task])
    print(names(asyncio.all_tasks()))


asyncio.run(main())
