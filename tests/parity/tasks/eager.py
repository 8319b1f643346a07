# Since 3.12: eager tasks.
"""An eager task runs inside the call up to its first wait, and may be over when the call is."""

import asyncio


async def quick():
    print("quick runs as", asyncio.current_task().get_name())
    return 1


async def slow():
    print("slow begins")
    await asyncio.sleep(0)
    print("slow ends")
    return 2


def eager(coro, name=None):
    return asyncio.Task(coro, loop=asyncio.get_running_loop(), name=name, eager_start=True)


async def main():
    asyncio.current_task().set_name("main")
    first = eager(quick(), name="first")
    print("made, done", first.done())
    print("back in", asyncio.current_task().get_name())
    second = eager(slow())
    print("made, done", second.done())
    print(await first, await second)


asyncio.run(main())
