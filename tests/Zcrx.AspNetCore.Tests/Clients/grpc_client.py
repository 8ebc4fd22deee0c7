"""Calls a gRPC service with python3-grpcio, which is gRPC's own core in C. Prints one line for each case."""
import hashlib
import sys
import threading

import grpc

TIMEOUT = 40
LARGE = bytes(range(256)) * (3 << 12)


def connect(address, pem):
    if pem.strip():
        return grpc.secure_channel(address, grpc.ssl_channel_credentials(pem.encode()), (("grpc.ssl_target_name_override", "localhost"),))
    return grpc.insecure_channel(address)


def status(call):
    try:
        call()
        return "OK"
    except grpc.RpcError as error:
        return f"{error.code().name} {error.details()}"


def cancel_after_first(call):
    next(call)
    call.cancel()
    next(call)


def run(channel):
    # Messages are plain bytes, so that no generated code is needed.
    echo = channel.unary_unary("/zcrx.Echo/Unary")
    count = channel.unary_stream("/zcrx.Echo/Repeat")
    digest = channel.stream_unary("/zcrx.Echo/Digest")
    chat = channel.stream_stream("/zcrx.Echo/Chat")
    refuse = channel.unary_unary("/zcrx.Echo/Refuse")
    wait = channel.unary_unary("/zcrx.Echo/Wait")

    print("unary:", echo(b"hello", timeout=TIMEOUT))
    print("large:", echo(LARGE, timeout=TIMEOUT) == LARGE)
    print("server streaming:", sum(len(message) for message in count(LARGE, timeout=TIMEOUT)) == 8 * len(LARGE))
    print("client streaming:", digest((LARGE for _ in range(8)), timeout=TIMEOUT).hex() == hashlib.sha256(LARGE * 8).hexdigest())

    # Each message is sent when the reply to the one before has arrived.
    received = threading.Semaphore(1)

    def one_by_one():
        for number in range(200):
            received.acquire()
            yield str(number).encode()

    replies = []
    for reply in chat(one_by_one(), timeout=TIMEOUT):
        replies.append(int(reply))
        received.release()
    print("both ways:", replies == list(range(200)))

    _, call = echo.with_call(b"", timeout=TIMEOUT, metadata=(("zcrx-header", "given"),))
    print("trailers:", dict(call.trailing_metadata()).get("zcrx-trailer"))
    print("status:", status(lambda: refuse(b"", timeout=TIMEOUT)))
    print("unknown:", status(lambda: channel.unary_unary("/zcrx.Echo/Missing")(b"", timeout=TIMEOUT)).split()[0])
    print("deadline:", status(lambda: wait(b"", timeout=0.2)).split()[0])
    print("cancelled:", status(lambda: cancel_after_first(count(LARGE, timeout=TIMEOUT))).split()[0])
    print("too large:", status(lambda: echo(LARGE + LARGE, timeout=TIMEOUT)).split()[0])

    calls = [echo.future(str(number).encode(), timeout=TIMEOUT) for number in range(500)]
    print("at once:", [int(call.result()) for call in calls] == list(range(500)))


with connect(sys.argv[1], sys.stdin.readline().replace("\\n", "\n")) as connection:
    run(connection)
