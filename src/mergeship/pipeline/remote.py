"""The repository on the forge that a checkout belongs to."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from mergeship.adapters import job
from mergeship.adapters.git import Repository
from mergeship.adapters.git.origin import GITHUB, owner_and_name
from mergeship.core.environ import for_installer
from mergeship.core.text import one_line, without_password
from mergeship.errors import Misconfigured


def server_of(environ: Mapping[str, str]) -> str:
    """The address of the forge's pages: GITHUB_SERVER_URL, or that of GITHUB_API_URL, or GitHub itself."""
    api = environ.get("GITHUB_API_URL", "")
    enterprise = api.removesuffix("/").removesuffix("/api/v3") if api.removesuffix("/").endswith("/api/v3") else ""
    return (environ.get("GITHUB_SERVER_URL") or enterprise or GITHUB).rstrip("/")


def on_forge(repository: Repository, environ: Mapping[str, str]) -> str:
    """`owner/name` on the forge. Raises Misconfigured if the checkout has no remote there."""
    if name := job.repository(environ):
        return name
    if given := environ.get("GITHUB_REPOSITORY"):
        raise Misconfigured("bad-repository", f"GITHUB_REPOSITORY is {one_line(given)[:200]}", hint="write OWNER/NAME")
    remotes = repository.remotes()
    if not remotes:
        raise Misconfigured(
            "no-origin",
            f"{repository.path} has no remote",
            hint="make a repository on GitHub, then git remote add origin URL",
        )
    if "origin" not in remotes and len(remotes) > 1:
        raise Misconfigured(
            "several-remotes",
            f"{repository.path} has the remotes {', '.join(remotes)}, and none of them is called origin",
            hint="git remote rename NAME origin",
        )
    url = remotes.get("origin") or next(iter(remotes.values()))
    server = urlsplit(server_of(environ)).hostname or ""
    if _host(url) != server:
        raise Misconfigured(
            "remote-elsewhere",
            f"the remote {without_password(url)} is not on {server}",
            hint="GITHUB_API_URL names another server (https://HOST/api/v3), GITHUB_REPOSITORY another name",
        )
    path = urlsplit(url).path if "://" in url else url.partition(":")[2]
    if path.strip("/").count("/") != 1:
        raise Misconfigured(
            "bad-remote",
            f"the remote {without_password(url)} is no repository on {server}: there is no OWNER/NAME in it",
            hint="git remote set-url origin URL",
        )
    return owner_and_name(url)


def checkout(path: object, environ: Mapping[str, str]) -> Repository:
    """The checkout in a folder. Raises Misconfigured if there is none."""
    repository = Repository(str(path), for_installer(environ))
    repository.head()
    return repository


def _host(url: str) -> str:
    host = urlsplit(url).hostname or "" if "://" in url else url.partition(":")[0].rpartition("@")[2].lower()
    return host.removeprefix("ssh.") if host == "ssh.github.com" else host
