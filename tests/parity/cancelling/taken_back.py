# Since 3.13: a request that is taken back before it arrives is forgotten.
"""A request that is taken back before it arrives is forgotten."""

import asyncio


async def work():
    me = asyncio.current_task()
    me.cancel()
    print("left", me.uncancel())
    await asyncio.sleep(0)
    return "went on"


async def main():
    print(await asyncio.create_task(work()))


asyncio.run(main())
