"""Callbacks of a future run in order, later, one by one; also those added when it is done."""

import asyncio


async def main():
    future = asyncio.get_running_loop().create_future()
    for name in "ab":
        future.add_done_callback(lambda future, name=name: print(name, "sees", future.result()))
    future.set_result(1)
    print("set")
    future.add_done_callback(lambda future: print("late"))
    print("added")
    await asyncio.sleep(0)
    print("end")


asyncio.run(main())
