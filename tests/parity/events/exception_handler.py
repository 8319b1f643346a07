"""A callback that fails is told to the loop's handler; the other callbacks run all the same."""

import asyncio


def fail(_):
    raise ValueError("broken")


async def main():
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: print("told of", context["exception"]))
    task = asyncio.create_task(asyncio.sleep(0))
    task.add_done_callback(lambda task: print("before"))
    task.add_done_callback(fail)
    task.add_done_callback(lambda task: print("after"))
    await task
    await asyncio.sleep(0)
    print("goes on")


asyncio.run(main())
