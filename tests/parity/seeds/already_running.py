"""What the first text's programs met in a notebook: a loop that runs cannot be run; the task goes
on.
"""

import asyncio

loop = asyncio.new_event_loop()


async def sleep(x):
    for i in range(3):
        print("sleep --> {}".format(i))
        await asyncio.sleep(x)


async def notebook():
    task = loop.create_task(sleep(0))
    try:
        loop.run_until_complete(task)
    except RuntimeError as error:
        print("RuntimeError:", str(error).lower())
    await task


loop.run_until_complete(notebook())
loop.close()
