"""A thread sees its caller's variables; what it sets does not come back; the loop goes on
meanwhile.
"""

import asyncio
import contextvars
import threading

user = contextvars.ContextVar("user")


def work(begin):
    begin.wait()
    print("thread sees", user.get())
    user.set("thread")
    return threading.current_thread() is threading.main_thread()


async def main():
    user.set("main")
    begin = threading.Event()
    task = asyncio.create_task(asyncio.to_thread(work, begin))
    await asyncio.sleep(0.01)
    print("the loop goes on")
    begin.set()
    print("on the main thread", await task)
    print("main sees", user.get())


asyncio.run(main())
