"""`wait` returns at the first end, at the first failure, or when all have ended, as it is told."""

import asyncio


async def work(delay, fails=False):
    await asyncio.sleep(delay)
    if fails:
        raise ValueError("broken")


def names(tasks):
    return " ".join(sorted(task.get_name() for task in tasks))


async def main():
    works = (("quick", 0, False), ("bad", 0.03, True), ("slow", 0.3, False))
    tasks = [asyncio.create_task(work(delay, fails), name=name) for name, delay, fails in works]
    for mode in (asyncio.FIRST_COMPLETED, asyncio.FIRST_EXCEPTION, asyncio.ALL_COMPLETED):
        done, pending = await asyncio.wait(tasks, return_when=mode)
        print(f"done: {names(done)}; pending: {names(pending)}")
    for task in tasks:
        print(task.get_name(), task.exception())


asyncio.run(main())
