"""The first text's table of the loop's methods, each used once."""

import asyncio

loop = asyncio.new_event_loop()


async def work():
    print("the same loop", asyncio.get_event_loop() is loop)
    print("running", loop.is_running())
    loop.stop()
    return "result"


task = loop.create_task(work())
print("running", loop.is_running())
loop.run_forever()
print("stopped; running", loop.is_running())
print(loop.run_until_complete(task))
print("closed", loop.is_closed())
loop.close()
print("closed", loop.is_closed())
