"""Producers and consumers around a queue, as every asyncio tutorial has them: the twin of
`producer_consumer.rs`, which prints the same lines.

Delays and values come from a generator that both languages compute alike. Who gets which item
when is up to the scheduler, so it is not told.
"""

import asyncio

PRODUCERS = 3
CONSUMERS = 4
ITEMS_EACH = 6


class Dice:
    """Throws the same numbers in every language."""

    def __init__(self, seed):
        self.state = seed

    def throw(self, sides):
        self.state = (self.state * 1_103_515_245 + 12_345) % (1 << 31)
        return (self.state >> 16) % sides

    async def dawdle(self):
        await asyncio.sleep(self.throw(5) / 1_000)


async def produce(producer, queue):
    dice = Dice(producer)
    values = []
    for number in range(ITEMS_EACH):
        await dice.dawdle()
        value = dice.throw(1_000)
        await queue.put((producer, number, value))
        values.append(value)
    return values


async def consume(consumer, queue, lock, ledger):
    dice = Dice(100 + consumer)
    while True:
        item = await queue.get()
        await dice.dawdle()
        _, _, value = item
        async with lock:
            ledger[item] = value * value
        queue.task_done()


def text(truth):
    return str(truth).lower()


async def main():
    queue = asyncio.Queue(2)
    lock, ledger = asyncio.Lock(), {}
    consumers = [
        asyncio.create_task(consume(number, queue, lock, ledger)) for number in range(CONSUMERS)
    ]
    producers = [produce(number, queue) for number in range(PRODUCERS)]
    made = await asyncio.gather(*producers)
    for number, values in enumerate(made):
        print(f"producer {number} made {values}")

    await queue.join()
    print(f"all is done: {queue.qsize()} left, empty: {text(queue.empty())}")
    async with lock:
        for (producer, number, value), square in sorted(ledger.items()):
            print(f"item {producer}.{number}: {value} squared is {square}")

    for consumer in consumers:
        consumer.cancel()
    ended = await asyncio.gather(*consumers, return_exceptions=True)
    for number, end in enumerate(ended):
        was_cancelled = isinstance(end, asyncio.CancelledError)
        print(f"consumer {number} was cancelled: {text(was_cancelled)}")
    print(f"full: {text(queue.full())}, maxsize: {queue.maxsize}")


asyncio.run(main())
