"""Runs an embedded server in a thread of its own, on loopback."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import uvicorn
from starlette.types import ASGIApp

from mergeship.errors import Failed
from mergeship.world.protocol import ReasonProtocol

LOOPBACK = "127.0.0.1"
GRACE = 1.0  # seconds that an answer under way has to end


@contextmanager
def serving(application: ASGIApp, port: int = 0, protocol: type[asyncio.Protocol] = ReasonProtocol) -> Iterator[str]:
    """The base address of an application while the block runs; port 0 takes a free one.

    Raises Failed when the port is taken.
    """
    listener = _listener(port)
    config = uvicorn.Config(application, http=protocol, ws="none", lifespan="off", log_config=None, access_log=False)
    server = _Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="embedded server", daemon=True)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{listener.getsockname()[1]}"
    finally:
        server.stop()
        thread.join()
        listener.close()


class _Server(uvicorn.Server):
    """uvicorn that ends when it is asked to; its own looks for that every 0.1 s, and then waits for 0.1 s more."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """End, from another thread."""
        self.should_exit = True
        if self._loop:
            self._loop.call_soon_threadsafe(self._stopped.set)

    async def main_loop(self) -> None:
        """Serve until `stop`; a tick keeps the header `date` current."""
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), 1.0)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more requests, and give those under way a moment."""
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        loop = asyncio.get_running_loop()
        until = loop.time() + GRACE
        while self.server_state.connections and loop.time() < until:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.005)
        for task in self.server_state.tasks:
            task.cancel()


def _listener(port: int) -> socket.socket:
    # asyncio turns Nagle's algorithm off only for a socket that names its protocol; else an answer waits for 40 ms.
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError as error:
        listener.close()
        raise Failed(
            "port-taken",
            f"port {port} of {LOOPBACK} cannot be used: {error.strerror}",
            hint="leave out --port to use a free one",
        ) from error
    listener.listen(128)
    return listener
