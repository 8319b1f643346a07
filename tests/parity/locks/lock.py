"""A lock goes to who has waited longest; a waiter that is cancelled loses it to the next one."""

import asyncio


async def work(lock, name):
    async with lock:
        print(name, "has it")
        await asyncio.sleep(0)
    print(name, "gave it back")


async def main():
    lock = asyncio.Lock()
    await lock.acquire()
    tasks = [asyncio.create_task(work(lock, name)) for name in "abc"]
    await asyncio.sleep(0)
    print("locked", lock.locked())
    lock.release()
    tasks[0].cancel()
    await asyncio.wait(tasks)
    print("locked", lock.locked(), "cancelled", tasks[0].cancelled())


asyncio.run(main())
