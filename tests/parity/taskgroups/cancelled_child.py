"""A child that is cancelled is no failure, and cancels nobody else."""

import asyncio


async def forever():
    await asyncio.Event().wait()


async def main():
    async with asyncio.TaskGroup() as group:
        victim = group.create_task(forever())
        other = group.create_task(asyncio.sleep(0.01, "value"))
        await asyncio.sleep(0)
        victim.cancel()
    print(victim.cancelled(), other.result())


asyncio.run(main())
