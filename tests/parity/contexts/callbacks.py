"""A callback sees the variables of whoever handed it in, as they were at the call."""

import asyncio
import contextvars

step = contextvars.ContextVar("step", default="unset")


def tell(name):
    print(name, "sees", step.get())
    step.set(name)


async def main():
    loop = asyncio.get_running_loop()
    step.set("first")
    loop.call_soon(tell, "soon")
    loop.call_later(0.2, tell, "later")
    task = asyncio.create_task(asyncio.sleep(0))
    task.add_done_callback(lambda task: tell("done"))
    step.set("second")
    await task
    await asyncio.sleep(0.4)
    print("main sees", step.get())


asyncio.run(main())
