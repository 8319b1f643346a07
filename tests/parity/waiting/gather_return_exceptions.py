"""With `return_exceptions` failures and cancellations are results among others."""

import asyncio


async def work(name):
    await asyncio.sleep(0)
    if name == "bad":
        raise ValueError("broken")
    return name


async def main():
    cancelled = asyncio.create_task(work("cancelled"))
    cancelled.cancel()
    works = (work("one"), work("bad"), cancelled, work("two"))
    for result in await asyncio.gather(*works, return_exceptions=True):
        print(type(result).__name__ if isinstance(result, BaseException) else result)


asyncio.run(main())
