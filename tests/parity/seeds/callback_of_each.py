"""The first text's fifth and last programs: each task's callback gets its result as it ends.

There `b` was a bare generator once, which asyncio takes no more, and `w` a yield of its own.
"""

import asyncio


async def w():
    await asyncio.sleep(0)


async def a():
    for x in range(3):
        print("a.x", x)
        await w()
    return "a.finished"


async def b():
    for x in range(3):
        print("b.x", x)
        await w()
    return "b.finished"


def cb(future):
    print("in call back ++++++++++", future.result())


loop = asyncio.new_event_loop()
fs = []
for t in (a(), b()):
    f = asyncio.ensure_future(t, loop=loop)
    f.add_done_callback(cb)
    fs.append(f)
done, pending = loop.run_until_complete(asyncio.wait(fs))
loop.close()
print(sorted(f.result() for f in done), pending)
