"""`gather` fails at once with the first failure, and the others run on."""

import asyncio


async def work(name, delay, fails=False):
    await asyncio.sleep(delay)
    if fails:
        raise ValueError(f"{name} broke")
    print("done", name)


async def main():
    slow = asyncio.create_task(work("slow", 0.5))
    try:
        await asyncio.gather(work("quick", 0), slow, work("bad", 0.01, fails=True))
    except ValueError as error:
        print("caught:", error)
    print("slow is done:", slow.done())
    await slow
    print("end")


asyncio.run(main())
