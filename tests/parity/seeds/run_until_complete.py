"""The first text's first program: a loop runs a task, and its result is there after the loop was
closed.

There it was `@asyncio.coroutine` with `yield from`, and slept for three seconds at a time.
"""

import asyncio


async def sleep1(x):
    for i in range(3):
        print("sleep - {}".format(i))
        await asyncio.sleep(x)
    return "result = {}".format(1000)


loop = asyncio.new_event_loop()
future = asyncio.ensure_future(sleep1(0.01), loop=loop)
loop.run_until_complete(future)
print("*" * 50)
loop.close()
print(future.result())
print("==============end==============")
