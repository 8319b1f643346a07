"""Setting an event wakes all who wait, even if it is cleared at once."""

import asyncio


async def wait(event, name):
    await event.wait()
    print(name, "goes on")


async def main():
    event = asyncio.Event()
    tasks = [asyncio.create_task(wait(event, name)) for name in "abc"]
    await asyncio.sleep(0)
    print("set", event.is_set())
    event.set()
    event.clear()
    await asyncio.gather(*tasks)
    late = asyncio.create_task(wait(event, "late"))
    await asyncio.sleep(0)
    print("late is done", late.done())
    event.set()
    await late
    await wait(event, "main")


asyncio.run(main())
