"""Speaks WebSocket with python3-websockets, and prints one line for each case."""
import asyncio
import hashlib
import pathlib
import ssl
import sys
import tempfile

import websockets


def trust(pem):
    """Returns a context that trusts the certificate of the server only."""
    with tempfile.TemporaryDirectory() as directory:
        file = pathlib.Path(directory, "server.pem")
        file.write_text(pem)
        return ssl.create_default_context(cafile=str(file))


async def run(address, pem):
    tls = trust(pem) if address.startswith("wss:") else None
    large = bytes(range(256)) * (8 << 12)
    pieces = [large[i:i + 100_003] for i in range(0, len(large), 100_003)]

    async with websockets.connect(address, ssl=tls, max_size=None) as socket:
        await socket.send("Grüße")
        print("text:", await socket.recv())

        await socket.send(b"")
        print("empty:", len(await socket.recv()))

        # The client reads while it sends. Otherwise both sides would wait for each other with full sockets.
        sending = asyncio.create_task(socket.send(large))
        print("binary:", hashlib.sha256(await socket.recv()).hexdigest() == hashlib.sha256(large).hexdigest())
        await sending

        sending = asyncio.create_task(socket.send(pieces))
        print("fragments:", hashlib.sha256(await socket.recv()).hexdigest() == hashlib.sha256(large).hexdigest())
        await sending

        pong = await socket.ping(b"are you there")
        await pong
        print("pong: received")

        for number in range(1000):
            await socket.send(str(number))
        print("pipelined:", [await socket.recv() for _ in range(1000)] == [str(number) for number in range(1000)])

        await socket.close(1000, "done")
        print("close:", socket.close_code)

    async with websockets.connect(address, ssl=tls) as socket:
        await socket.send("before the reset")
        await socket.recv()
        socket.transport.abort()
        await socket.wait_closed()
        print("reset:", socket.close_code)

    many = await asyncio.gather(*(websockets.connect(address, ssl=tls) for _ in range(32)))
    await asyncio.gather(*(socket.send(str(number)) for number, socket in enumerate(many)))
    print("at once:", [await socket.recv() for socket in many] == [str(number) for number in range(32)])
    await asyncio.gather(*(socket.close() for socket in many))


asyncio.run(asyncio.wait_for(run(sys.argv[1], sys.stdin.readline().replace("\\n", "\n")), 50))
