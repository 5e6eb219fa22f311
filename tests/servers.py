"""Servers that answer badly."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def raw_server(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that reads a request's head and then does whatever `answer` does."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            while True:
                connection, _ = listener.accept()
                with connection:
                    head = read_request(connection)
                    if isinstance(answer, Script):
                        answer.asked.append(head.decode())
                    answer(connection)
        except OSError:
            return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/simple/"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def read_request(connection: socket.socket) -> bytes:
    """Head and body: a server that closes on unread bytes resets the connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    while length and len(body) < int(length[1]):
        body += connection.recv(65536)
    return head


def says(text: str) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.sendall(text.replace("\n", "\r\n").encode())

    return answer


class Script:
    """A server's answers, in their order; the last one is repeated. Keeps what was asked."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, connection: socket.socket) -> None:
        text = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        says(text)(connection)


def http(status: str, body: str = "", **headers: str) -> str:
    """An HTTP answer; underscores in the names of headers stand for dashes."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\n".join(
        [f"HTTP/1.1 {status}", *lines, f"Content-Length: {len(body.encode())}", "Connection: close", "", body]
    )
