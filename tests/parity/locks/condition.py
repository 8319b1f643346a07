"""`notify` wakes as many as it is told, in the order of waiting; `wait_for` waits for what is true.
`notify` wakes as many as it is told, in the order of waiting; `wait_for` waits for what is true.
"""

import asyncio


async def wait(condition, name):
    async with condition:
        await condition.wait()
        print(name, "was notified")


async def main():
    condition = asyncio.Condition()
    tasks = [asyncio.create_task(wait(condition, name)) for name in "abcd"]
    await asyncio.sleep(0.05)
    for count in (1, 2):
        async with condition:
            condition.notify(count)
        await asyncio.sleep(0.05)
        print("left", sum(not task.done() for task in tasks))
    async with condition:
        condition.notify_all()
    await asyncio.gather(*tasks)
    stock = []

    async def take():
        async with condition:
            await condition.wait_for(lambda: stock)
            print("took", stock.pop())

    taking = asyncio.create_task(take())
    for number in (0, 1):
        await asyncio.sleep(0.05)
        async with condition:
            stock.extend([number] * number)
            condition.notify_all()
    await taking


asyncio.run(main())
