"""Tasks that are given one context share what they set."""

import asyncio
import contextvars

seen = contextvars.ContextVar("seen")


async def work(name):
    print(name, "sees", seen.get("nothing"))
    seen.set(name)


async def main():
    context = contextvars.copy_context()
    for name in ("one", "two"):
        await asyncio.create_task(work(name), context=context)
    await asyncio.create_task(work("apart"))


asyncio.run(main())
