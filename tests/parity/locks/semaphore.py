"""Permits go out in the order of asking; a cancelled waiter loses none; too many back is an error.
Permits go out in the order of asking; a cancelled waiter loses none; too many back is an error.
"""

import asyncio


async def work(semaphore, name):
    async with semaphore:
        print(name, "begins")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        print(name, "ends")


async def main():
    semaphore = asyncio.Semaphore(2)
    tasks = [asyncio.create_task(work(semaphore, name)) for name in "abcde"]
    await asyncio.sleep(0)
    print("locked", semaphore.locked())
    tasks[2].cancel()
    await asyncio.wait(tasks)
    print("locked", semaphore.locked())
    bounded = asyncio.BoundedSemaphore(1)
    await bounded.acquire()
    bounded.release()
    try:
        bounded.release()
    except ValueError:
        print("released too often")


asyncio.run(main())
