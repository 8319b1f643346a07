"""The first text's fourth program: two tasks take turns at each `yield`, and `wait` waits for both.
The first text's fourth program: two tasks take turns at each `yield`, and `wait` waits for both.
"""

import asyncio
import inspect


async def a():
    for x in range(3):
        print("a.x - {}".format(x))
        await asyncio.sleep(0)
    return "a.finished"


async def b():
    for x in range(3, 6):
        print("b.x - {}".format(x))
        await asyncio.sleep(0)
    return "b.finished"


print(inspect.iscoroutinefunction(a), inspect.iscoroutinefunction(b))
t1 = a()
t2 = b()
print(asyncio.iscoroutine(t1), asyncio.iscoroutine(t2))
loop = asyncio.new_event_loop()
tasks = [loop.create_task(t1), loop.create_task(t2)]
loop.run_until_complete(asyncio.wait(tasks))
loop.close()
