"""A future is set once; looking at it too early, or setting it twice, is an error."""

import asyncio


def tell(future, ask):
    try:
        print(ask, getattr(future, ask)())
    except (asyncio.InvalidStateError, asyncio.CancelledError, ValueError) as error:
        print(ask, type(error).__name__)


async def main():
    for end in ("set_result", "set_exception", "cancel"):
        future = asyncio.Future()
        tell(future, "result")
        print(end)
        arguments = {"set_result": [7], "set_exception": [ValueError("broken")], "cancel": []}
        getattr(future, end)(*arguments[end])
        for ask in ("done", "cancelled", "result", "exception", "cancel"):
            if (end, ask) != ("set_exception", "exception"):
                tell(future, ask)
        try:
            future.set_result(8)
        except asyncio.InvalidStateError:
            print("set twice")


asyncio.run(main())
