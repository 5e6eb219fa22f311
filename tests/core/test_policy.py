import pytest

from mergeship.core import policy
from mergeship.core.policy import WRITTEN, changes, holds_secret, local_uses
from mergeship.core.settings import load


def test_the_settings_that_steer_secrets_are_policies() -> None:
    """T13"""
    assert policy.of_settings(load({})) == {
        "intent": "checklist", "auth": "token", "environment": "pypi", "runs-on": "self-hosted",
        "index.upload": "pypi", "index.simple": "",
    }  # fmt: skip
    other = policy.of_settings(load({}, ["index.upload=http://evil.example/", "runs-on=a b", "index.deadline=9"]))
    assert changes(policy.of_settings(load({})), other) == (
        "index.upload: pypi → http://evil.example/",
        "runs-on: self-hosted → a b",
    )


def test_what_is_gone_or_as_init_writes_it_needs_no_one() -> None:
    file = ".github/workflows/x.yml"
    assert changes({file: "1"}, {}) == changes({file: "1"}, {file: WRITTEN}) == changes({}, {file: WRITTEN}) == ()
    assert changes({file: WRITTEN}, {file: "2"}) == (f"{file} has changed",)
    assert changes({}, {file: "2"}) == (f"{file} is new",)
    assert changes({"intent": "a"}, {"intent": "b\n::error::c" * 99})[0].startswith("intent: a → b ::error::c")
    assert len(changes({"intent": "a"}, {"intent": "b" * 999})[0]) < 200
    assert changes(None, {file: "1"}) == changes({file: "1"}, None) == ()


@pytest.mark.parametrize(
    "text",
    [
        "jobs: {a: {env: {A: '${{ secrets.A }}'}}}", "a: ${{ SECRETS['A'] }}", "b: ${{ toJSON(secrets) }}",
        "jobs: {a: {uses: x/y/.github/workflows/z.yml@v1, secrets: inherit}}", "permissions: write-all",
        "permissions: {id-token: write}", r'permissions: {"id\x2dtoken": write}', r'a: "${{ \u0073ecrets.A }}"',
    ],
)  # fmt: skip
def test_a_secret_in_any_spelling_is_one(text: str) -> None:
    assert holds_secret(text)


@pytest.mark.parametrize("text", ["on: push", r'run: "\n"', "a: [broken", r'a: "\q"', "run: echo my-secretsauce"])
def test_other_workflows_are_free(text: str) -> None:
    assert not holds_secret(text)


def test_what_of_the_repository_is_used_is_found() -> None:
    text = """
      - uses: ./.github/actions/a/
      - {uses: "./b"}
      - 'uses' : './.github/workflows/c.yml'
      - uses: "\\x2e/d"
      - uses: actions/checkout@v4
      - uses: ./../outside
      - uses: ./
    """
    assert local_uses(text) == (".github/actions/a", "b", ".github/workflows/c.yml", ".", "d")
