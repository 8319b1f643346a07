"""The second text on `run` and `create_task`: names, debug mode, and no task without a running
loop.
"""

import asyncio


async def work():
    return asyncio.current_task().get_name()


async def main():
    print("debug", asyncio.get_running_loop().get_debug())
    task = asyncio.create_task(work(), name="worker")
    print(await task)
    return "main's result"


print(asyncio.run(main(), debug=True))
coroutine = work()
try:
    asyncio.create_task(coroutine)
except RuntimeError as error:
    print("RuntimeError: no running event loop")
coroutine.close()
