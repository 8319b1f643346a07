"""Callbacks run in the order of the calls, after the caller; what they call comes after them; a
cancelled one does not run.
"""

import asyncio


async def main():
    loop = asyncio.get_running_loop()
    handles = []

    def first():
        print("first")
        loop.call_soon(print, "from first")
        handles[2].cancel()

    handles.append(loop.call_soon(first))
    handles.append(loop.call_soon(print, "second"))
    handles.append(loop.call_soon(print, "never"))
    print("called")
    await asyncio.sleep(0)
    print("main goes on; cancelled", handles[2].cancelled())
    await asyncio.sleep(0)


asyncio.run(main())
