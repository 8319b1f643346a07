"""To a `wait` for the first failure, a member that is cancelled is none."""

import asyncio


async def main():
    victim = asyncio.create_task(asyncio.Event().wait())
    slow = asyncio.create_task(asyncio.sleep(0.03))
    asyncio.get_running_loop().call_later(0.01, victim.cancel)
    done, pending = await asyncio.wait([victim, slow], return_when=asyncio.FIRST_EXCEPTION)
    print(len(done), len(pending), victim.cancelled())


asyncio.run(main())
