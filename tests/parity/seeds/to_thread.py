"""The second text's last example: a blocking call goes to a thread, and other work goes on beside
it.
"""

import asyncio
import time


def blocking_io(seconds, *, result):
    print("start blocking_io")
    time.sleep(seconds)
    print("blocking_io complete")
    return result


async def main():
    print("started main")
    blocking = asyncio.to_thread(blocking_io, 0.1, result=7)
    print(await asyncio.gather(blocking, asyncio.sleep(0.05, "slept")))
    print("finished main")


asyncio.run(main())
