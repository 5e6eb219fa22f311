import pytest

from mergeship.core import policy
from mergeship.core.policy import WRITTEN, changes, holds_secret, local_paths, named_paths
from mergeship.core.settings import load


def test_the_settings_that_steer_secrets_are_policies() -> None:
    """T13"""
    assert policy.of_settings(load({})) == {
        "intent": "checklist", "decide.by": "", "auth": "token", "environment": "pypi", "runs-on": "self-hosted",
        "index.upload": "pypi", "index.simple": "",
    }  # fmt: skip
    other = policy.of_settings(load({}, ["index.upload=http://evil.example/", "runs-on=a b", "index.deadline=9"]))
    assert changes(policy.of_settings(load({})), other) == (
        "index.upload: pypi → http://evil.example/",
        "runs-on: self-hosted → a b",
    )


def test_what_is_gone_or_as_init_writes_it_needs_no_one() -> None:
    file = ".github/workflows/x.yml"
    written = f"{WRITTEN}9"
    assert changes({file: "1"}, {}) == changes({file: "1"}, {file: written}) == changes({}, {file: written}) == ()
    assert changes({file: written}, {file: "2"}) == (f"{file} has changed",)
    assert changes({file: written}, {file: "9"}) == ()  # another setting makes init write it in another way
    assert changes({}, {"gone": ""}) == ()
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
        r'{a: !x "\x73ecrets"}', r'a: "\q"',
    ],
)  # fmt: skip
def test_a_secret_in_any_spelling_is_one(text: str) -> None:
    assert holds_secret(text)


@pytest.mark.parametrize("text", ["on: push", r'run: "\n"', "a: [broken", "run: echo my-secretsauce"])
def test_other_workflows_are_free(text: str) -> None:
    assert not holds_secret(text)


def test_what_of_the_repository_is_used_is_found() -> None:
    """T13: YAML has many ways to write it."""
    text = """
      steps:
      - uses: ./.github/actions/a/
      - {uses: "./b"}
      - {uses: ./c, with: {d: 1}}
      - 'uses' : './.github/workflows/c.yml'
      - uses: "\\x2e/d"
      - uses: >-
          ./e
      - uses: &f ./f
      - uses: !!str ./g
      - uses: ./with space
      - uses: actions/checkout@v4
      - uses: ./../outside
      - uses: ./
    """
    assert local_paths(text) == (
        ".github/actions/a", "b", "c", ".github/workflows/c.yml", "d", "e", "f", "g", "with space", "with", ".",
    )  # fmt: skip
    assert local_paths("a: [") == ()
    assert local_paths("run: |\n  ./s.sh --now\n  ./t.sh") == ("s.sh", "t.sh")
    assert named_paths("runs: {main: lib/index.js, post: /etc/passwd, pre: ../x}") == (
        "runs", "main", "lib/index.js", "post", "pre", "../x",
    )  # fmt: skip


@pytest.mark.parametrize("text", ["a: &a [1]\nb: [*a, *a]\n" * 1, "d: 2001-99-99 # \\", "[" * 5_000 + "\\"])
def test_yaml_that_is_made_to_break_a_reader_does_not(text: str) -> None:
    assert isinstance(holds_secret(text), bool)
    assert local_paths(text) == ()
