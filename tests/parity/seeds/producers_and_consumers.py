"""The second text's main example: producers put into a queue, consumers take out until all is done.

Its random delays and values are fixed ones here, so that there is one right order.
"""

import asyncio


async def produce(name, queue):
    for number in range(2):
        await asyncio.sleep(0.02 * (name + 1))
        await queue.put((name, number))
        print(f"producer {name} added <{number}>")


async def consume(name, queue):
    while True:
        item = await queue.get()
        print(f"consumer {name} got {item[0]}.{item[1]}")
        queue.task_done()


async def main(producers, consumers):
    queue = asyncio.Queue()
    producing = [asyncio.create_task(produce(name, queue)) for name in range(producers)]
    consuming = [asyncio.create_task(consume(name, queue)) for name in range(consumers)]
    await asyncio.gather(*producing)
    await queue.join()
    for consumer in consuming:
        consumer.cancel()
    ended = await asyncio.gather(*consuming, return_exceptions=True)
    print("cancelled:", sum(isinstance(end, asyncio.CancelledError) for end in ended))


asyncio.run(main(1, 3))
