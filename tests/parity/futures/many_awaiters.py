"""Any number may await a future; all get the same, in the order of waiting."""

import asyncio


async def wait(future, name):
    print(name, "got", await future)


async def main():
    future = asyncio.Future()
    tasks = [asyncio.create_task(wait(future, name)) for name in "abc"]
    asyncio.get_running_loop().call_later(0.01, future.set_result, "it")
    await asyncio.gather(*tasks)
    await wait(future, "late")


asyncio.run(main())
