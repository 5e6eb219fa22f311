import asyncio
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx2
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from mergeship.world.protocol import ReasonProtocol
from mergeship.world.serving import serving

options: list[int] = []


class Watched(ReasonProtocol):
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        accepted = transport.get_extra_info("socket")
        options.append(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        super().connection_made(transport)


async def quick(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("here")(scope, receive, send)


def test_small_answers_are_not_held_back() -> None:
    options.clear()
    with serving(quick, protocol=Watched) as base:
        assert httpx2.get(base, trust_env=False).text == "here"
    assert options == [1]


def test_an_answer_under_way_is_given_before_the_server_ends() -> None:
    begun = threading.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        await asyncio.sleep(0.2)
        answer: Response = PlainTextResponse(Request(scope).url.path)
        await answer(scope, receive, send)

    with ThreadPoolExecutor(1) as pool:
        with serving(slow) as base:
            asked = pool.submit(httpx2.get, f"{base}/slow", trust_env=False)
            assert begun.wait(10)
        assert asked.result().text == "/slow"


def test_an_answer_that_never_comes_does_not_keep_it() -> None:
    begun = threading.Event()

    async def stuck(_: Scope, __: Receive, ___: Send) -> None:
        begun.set()
        await asyncio.Event().wait()

    with ThreadPoolExecutor(1) as pool:
        with serving(stuck) as base:
            asked = pool.submit(httpx2.get, base, trust_env=False, timeout=30)
            assert begun.wait(10)
        assert asked.result().status_code == 500
