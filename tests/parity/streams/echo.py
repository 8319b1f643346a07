"""A server answers line by line, and sees its client's end."""

import asyncio


async def serve(reader, writer):
    while line := await reader.readline():
        writer.write(line.upper())
        await writer.drain()
    print("server: the client has ended")
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    for line in ("one", "two"):
        writer.write(line.encode() + b"\n")
        await writer.drain()
        print("client:", (await reader.readline()).decode().strip())
    writer.write_eof()
    print("client: the server's end", await reader.read() == b"")
    writer.close()
    await writer.wait_closed()
    server.close()
    await server.wait_closed()
    print("serving", server.is_serving())


asyncio.run(main())
