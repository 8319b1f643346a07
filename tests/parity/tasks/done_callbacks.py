"""Callbacks of a task run in order, on the loop, after its end and before its awaiter's next step.
Callbacks of a task run in order, on the loop, after its end and before its awaiter's next step.
"""

import asyncio


async def work():
    print("working")
    return 7


async def main():
    task = asyncio.create_task(work())
    task.add_done_callback(lambda task: print("first sees", task.result()))
    unwanted = lambda task: print("never")
    task.add_done_callback(unwanted)
    task.add_done_callback(lambda task: print("second"))
    print("removed", task.remove_done_callback(unwanted))
    await asyncio.wait([task])
    print("waited")
    task.add_done_callback(lambda task: print("late"))
    print("added late")
    await asyncio.sleep(0)
    print("end")


asyncio.run(main())
