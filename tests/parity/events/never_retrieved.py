"""A failure that nobody will ever see is told to the loop's handler, once."""

import asyncio
import gc


async def fail():
    raise ValueError("broken")


async def main():
    asyncio.get_running_loop().set_exception_handler(
        lambda loop, context: print(context["message"], "-", context["exception"])
    )
    task = asyncio.create_task(fail())
    await asyncio.sleep(0.01)
    print("done", task.done())
    del task
    gc.collect()
    await asyncio.sleep(0.01)
    seen = asyncio.create_task(fail())
    print("seen", *await asyncio.gather(seen, return_exceptions=True))


asyncio.run(main())
