"""A loop that was stopped can be run again, and its tasks go on; stopped before it runs, it makes
one pass.
"""

import asyncio

loop = asyncio.new_event_loop()


async def count():
    for number in range(4):
        print(number)
        if number == 1:
            loop.stop()
        await asyncio.sleep(0)
    loop.stop()


async def once():
    print("one pass")
    await asyncio.sleep(0)
    print("another pass")


loop.create_task(count())
loop.run_forever()
print("stopped")
loop.run_forever()
print("counted")
task = loop.create_task(once())
loop.stop()
loop.run_forever()
print("done", task.done())
loop.run_until_complete(task)
loop.close()
