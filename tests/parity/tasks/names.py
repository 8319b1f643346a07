"""A task has the name it was given, then or later, and is the current one while it runs."""

import asyncio


async def tell():
    task = asyncio.current_task()
    print("I am", task.get_name())
    task.set_name("renamed")
    await asyncio.sleep(0)
    print("I am", asyncio.current_task().get_name())
    return task.get_name()


async def main():
    task = asyncio.create_task(tell(), name="teller")
    print("named", task.get_name())
    print("told", await task)
    print("still", task.get_name())
    one, two = asyncio.create_task(tell()), asyncio.create_task(tell())
    first, second = (int(task.get_name().removeprefix("Task-")) for task in (one, two))
    print("numbers rise", first < second)
    one.cancel()
    two.cancel()


asyncio.run(main())
