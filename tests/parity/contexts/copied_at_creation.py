"""A task sees the variables as they were when it was made, and what it sets is its own."""

import asyncio
import contextvars

user = contextvars.ContextVar("user")


async def work():
    print("task sees", user.get())
    user.set("task")
    await asyncio.sleep(0)
    print("task sees", user.get())


async def main():
    user.set("main")
    task = asyncio.create_task(work())
    user.set("changed")
    await task
    print("main sees", user.get())


asyncio.run(main())
