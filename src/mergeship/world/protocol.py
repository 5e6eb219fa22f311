"""HTTP with a reason phrase of one's own: PyPI speaks there, ASGI has no word for it."""

from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

REASON = "x-reason-phrase"
"""A response header that becomes the reason phrase, and is not sent."""
CUT = "x-cut"
"""A response header that cuts the connection instead."""


class _Connection(h11.Connection):
    def __init__(self, protocol: "ReasonProtocol") -> None:
        super().__init__(h11.SERVER)
        self._protocol = protocol

    def send(self, event: h11.Event) -> bytes | None:  # type: ignore[override]
        if isinstance(event, h11.Response):
            if any(name == CUT.encode() for name, _ in event.headers):
                self._protocol.transport.abort()
            words = [value for name, value in event.headers if name == REASON.encode()]
            rest = [(name, value) for name, value in event.headers if name != REASON.encode()]
            if words:
                event = h11.Response(status_code=event.status_code, headers=rest, reason=words[0])
        return super().send(event)


class ReasonProtocol(H11Protocol):
    """uvicorn's h11 protocol, over a connection that knows reason phrases."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - uvicorn's own arguments, passed on
        super().__init__(*args, **kwargs)
        self.conn = _Connection(self)
