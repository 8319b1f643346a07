"""Who catches the request may clean up with awaits, and then return or pass it on."""

import asyncio


async def work(passes_on):
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        print("cleaning up")
        await asyncio.sleep(0.01)
        print("clean")
        if passes_on:
            raise
    return "made do without"


async def main():
    for passes_on in (False, True):
        task = asyncio.create_task(work(passes_on))
        await asyncio.sleep(0)
        task.cancel()
        try:
            print(await task)
        except asyncio.CancelledError:
            print("cancelled")


asyncio.run(main())
