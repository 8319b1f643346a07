"""The first text's third program: a callback of the task sees its result before the run ends."""

import asyncio


async def sleep(x):
    for i in range(3):
        print("sleep - {}".format(i))
        await asyncio.sleep(x)
    return "result = {}".format(1000)


def cb(future):
    print("in callback")
    print(future.result())


loop = asyncio.new_event_loop()
task = loop.create_task(sleep(0.01))
task.add_done_callback(cb)
loop.run_until_complete(task)
print("=" * 50)
loop.close()
print(task.result())
print("+++++++++++++end++++++++++++")
