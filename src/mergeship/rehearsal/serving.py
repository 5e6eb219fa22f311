"""Runs an embedded server in a thread of its own, on loopback."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import uvicorn
from starlette.types import ASGIApp

from mergeship.errors import Failed

LOOPBACK = "127.0.0.1"


@contextmanager
def listening(
    application: ASGIApp, port: int = 0, protocol: type[asyncio.Protocol] | Literal["auto"] = "auto"
) -> Iterator[str]:
    """The base address of an application while the block runs; port 0 takes a free one.

    Raises Failed when the port is taken.
    """
    listener = _listener(port)
    config = uvicorn.Config(
        application, http=protocol, ws="none", lifespan="off", log_config=None, access_log=False,
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="embedded server", daemon=True)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def _listener(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError as error:
        listener.close()
        raise Failed(
            "port-taken",
            f"port {port} of {LOOPBACK} cannot be used: {error.strerror}",
            hint="leave --port out, and a free one is taken",
        ) from error
    listener.listen(128)
    return listener
