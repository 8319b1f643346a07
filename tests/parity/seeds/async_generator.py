"""The second text's first example: an asynchronous generator, and a coroutine that goes through it.
The second text's first example: an asynchronous generator, and a coroutine that goes through it.
"""

import asyncio


async def numbers(end):
    for number in range(end):
        await asyncio.sleep(0)
        yield number


async def main():
    async for number in numbers(3):
        print("got", number)
    print([number * number async for number in numbers(4)])


asyncio.run(main())
