"""Timers fire by their times, whatever the order of the calls; a cancelled one never."""

import asyncio


async def main():
    loop = asyncio.get_running_loop()
    for delay, name in ((0.09, "c"), (0.01, "a"), (0.05, "b")):
        loop.call_later(delay, print, name)
    never = loop.call_later(0.03, print, "never")
    when = loop.time() + 0.07
    timer = loop.call_at(when, print, "at its time")
    print("when", timer.when() == when)
    never.cancel()
    loop.call_soon(print, "soon")
    await asyncio.sleep(0.15)


asyncio.run(main())
