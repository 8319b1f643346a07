"""The runs of a runner share one context: what one sets the next one sees."""

import asyncio
import contextvars

step = contextvars.ContextVar("step")


async def work(name):
    print(name, "sees", step.get("nothing"))
    step.set(name)


with asyncio.Runner() as runner:
    runner.run(work("one"))
    runner.run(work("two"))
print("outside", step.get("nothing"))
