"""A barrier lets a whole party through, again and again; aborted, it breaks for all who wait."""

import asyncio


async def come(barrier, name):
    try:
        print(name, "was number", await barrier.wait())
    except asyncio.BrokenBarrierError:
        print(name, "found it broken")


async def main():
    barrier = asyncio.Barrier(2)
    for party in ("ab", "cd"):
        await asyncio.gather(*[come(barrier, name) for name in party])
    waiting = asyncio.create_task(come(barrier, "e"))
    await asyncio.sleep(0.05)
    print("waiting", barrier.n_waiting, "of", barrier.parties)
    await barrier.reset()
    await waiting
    waiting = asyncio.create_task(come(barrier, "f"))
    await asyncio.sleep(0.05)
    await barrier.abort()
    await waiting
    await come(barrier, "g")
    print("broken", barrier.broken)


asyncio.run(main())
