"""What a loop refuses, it refuses in these words."""

import asyncio

loop, other = asyncio.new_event_loop(), asyncio.new_event_loop()


def tell(call, *arguments):
    try:
        print(call(*arguments))
    except RuntimeError as error:
        # In Rust a message is no sentence: it begins small, and has no full stop.
        print(str(error).lower().rstrip(".").replace("before future", "before the future"))


async def main():
    # Python 3.13.0, and it alone, hangs after this: a refused start forgets which loop runs.
    tell(loop.run_forever)
    tell(other.run_forever)
    tell(loop.close)


async def stops():
    loop.stop()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return "survived"


loop.run_until_complete(main())
task = loop.create_task(stops())
tell(loop.run_until_complete, task)
tell(loop.run_until_complete, task)
loop.close()
other.close()
tell(loop.run_forever)
tell(loop.close)
