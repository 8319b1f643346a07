"""Each way to read takes what it says, and leaves the rest; what ends too early says what came."""

import asyncio


async def serve(reader, writer):
    writer.write(b"exactly;until!line\nfar too long a line\nhalf")
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    address = server.sockets[0].getsockname()
    reader, writer = await asyncio.open_connection(*address, limit=10)
    print(await reader.readexactly(8))
    print(await reader.readuntil(b"!"))
    print(await reader.readline())
    try:
        await reader.readline()
    except ValueError:
        print("over the limit")
    try:
        await reader.readexactly(5)
    except asyncio.IncompleteReadError as error:
        print(error.partial, "of", error.expected)
    print("at the end", reader.at_eof())
    writer.close()
    server.close()


asyncio.run(main())
