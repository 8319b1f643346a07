"""Who cancels a gather cancels its members; a member's own end cancels nobody else."""

import asyncio


async def work(name):
    try:
        await asyncio.Event().wait()
    finally:
        print("end of", name)


async def both():
    await asyncio.gather(work("a"), work("b"))


async def main():
    task = asyncio.create_task(both())
    await asyncio.sleep(0.05)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        print("gather was cancelled")
    members = [asyncio.create_task(work(name)) for name in "cd"]
    gathering = asyncio.gather(*members)
    await asyncio.sleep(0.05)
    members[0].cancel()
    try:
        await gathering
    except asyncio.CancelledError:
        print("one member was cancelled")
    print("the other one is done:", members[1].done())
    members[1].cancel()
    await asyncio.wait(members)


asyncio.run(main())
