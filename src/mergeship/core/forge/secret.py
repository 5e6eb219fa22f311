"""The token of the index, as a secret."""

from collections.abc import Iterator

from mergeship.core.environ import INDEX_TOKEN
from mergeship.core.forge.environment import Environment
from mergeship.core.forge.setting import Actual, Desired, PlanRequest, Setting


class Secret(Setting, frozen=True, tag="secret"):
    """A secret, by its name: nobody can read its value again."""

    name: str
    environment: str
    """Empty for a secret of the whole repository."""
    updated: str = ""
    """When it was stored, as GitHub reports it."""


KIND = Secret
WORDS: dict[str, str] = {}


def desired(actual: Actual, request: PlanRequest, notes: list[str]) -> Iterator[Desired]:
    """One token, in the environment; none at all with trusted publishing."""
    name = request.environment
    environment = "" if "environment" in actual.lacking else name
    if name and "environment" in request.leave and actual.setting(Environment, name) is None:
        notes.append(f"the secret {INDEX_TOKEN} waits for the environment {name}, which is left to someone else")
        return
    stored = {secret.environment: secret for secret in actual.all(Secret)}
    if request.attests and actual.private:
        notes.append(
            "this repository is private, and attestations name it in Sigstore's public log: "
            "attestations = false leaves them out"
        )
    if request.trusted:
        for secret in stored.values():
            yield Desired(secret, "", secret, *_without(secret))
        return
    here = stored.get(environment)
    wanted = Secret(INDEX_TOKEN, environment, here.updated if here and not request.replace_token else "")
    place = f"in the environment {environment}" if environment else "of the repository"
    yield Desired(wanted, f"deploy uploads with it; it is kept {place}", here)
    if environment and "" in stored:
        yield Desired(stored[""], "", stored[""], *_without(stored[""]))
        if here is None:
            notes.append(
                f"the repository's own secret {INDEX_TOKEN} cannot be read, so it cannot be moved: enter it again"
            )


def _without(secret: Secret) -> tuple[None, str]:
    place = f"of the environment {secret.environment}" if secret.environment else "of the whole repository"
    return None, f"the secret {secret.name} {place}, which nothing needs"
