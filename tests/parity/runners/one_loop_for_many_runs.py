"""A runner runs many things on one loop; what one leaves behind goes on in the next."""

import asyncio


async def begin():
    asyncio.create_task(work())
    await asyncio.sleep(0)
    return "begun"


async def work():
    print("work begins")
    await asyncio.sleep(0.01)
    print("work ends")


with asyncio.Runner() as runner:
    loop = runner.get_loop()
    print(runner.run(begin()))
    runner.run(asyncio.sleep(0.03))
    print("the same loop", runner.get_loop() is loop, "closed", loop.is_closed())
print("closed", loop.is_closed())
try:
    runner.get_loop()
except RuntimeError as error:
    print(error)
