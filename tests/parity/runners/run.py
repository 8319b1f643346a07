"""`run` makes a loop, gives the main coroutine's result or failure, and refuses to be nested."""

import asyncio


async def answer(fails):
    await asyncio.sleep(0)
    if fails:
        raise ValueError("broken")
    return 42


async def main():
    nested = answer(False)
    try:
        asyncio.run(nested)
    except RuntimeError as error:
        print("cannot be called from a running event loop" in str(error))
        nested.close()


print(asyncio.run(answer(False)))
try:
    asyncio.run(answer(True))
except ValueError as error:
    print(error)
asyncio.run(main())
try:
    asyncio.get_running_loop()
except RuntimeError:
    print("no loop is left")
