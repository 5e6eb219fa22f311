"""git's own HTTP backend, called as a web server calls it.

Source: https://git-scm.com/docs/git-http-backend
"""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from mergeship.process import exchange
from mergeship.world.git import BareRepository

_PASSED = {
    "content-type": "CONTENT_TYPE",
    "content-encoding": "HTTP_CONTENT_ENCODING",
    "git-protocol": "HTTP_GIT_PROTOCOL",
}


def answer(bare: BareRepository, request: Request, body: bytes, given: Mapping[str, str]) -> Response:
    """What git says to one request for a bare repository. Who may ask was looked at before; `given` says who it is."""
    env = bare.env | {
        "GIT_PROJECT_ROOT": str(bare.path),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": "/" + request.path_params["rest"],
        "QUERY_STRING": request.url.query,
        "REQUEST_METHOD": request.method,
        "CONTENT_LENGTH": str(len(body)),
        "REMOTE_ADDR": "127.0.0.1",
        **given,
    }
    env |= {name: request.headers[header] for header, name in _PASSED.items() if header in request.headers}
    env["GIT_PROTOCOL"] = request.headers.get("git-protocol", "")
    answered = exchange(["git", "http-backend"], body, cwd=bare.path, env=env)
    head, _, content = answered.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
    status = int(headers.pop("Status", "200").split()[0])
    return Response(content, status, headers)
