"""Of nested limits the one that is over says so, and the body's clean-up runs before."""

import asyncio


async def work():
    try:
        await asyncio.Event().wait()
    finally:
        print("cleaned up")


async def main():
    for outer, inner in ((10, 0.01), (0.01, 10)):
        try:
            async with asyncio.timeout(outer):
                try:
                    async with asyncio.timeout(inner):
                        await work()
                except TimeoutError:
                    print("inner")
        except TimeoutError:
            print("outer")
    async with asyncio.timeout(10):
        print("in time")


asyncio.run(main())
