"""What each verb shows of its result."""

from argparse import Namespace

from mergeship import verbs
from mergeship.commands import test as test_command
from mergeship.commands.build import Built
from mergeship.commands.deploy import Delivered, Deployed
from mergeship.core.declaration import Edit
from mergeship.core.distribution import Distribution
from mergeship.core.plan import FileChange, FilePlan

FILES = (Distribution("obk.whl", 10, "a" * 64),)
BUILT = Built("obk", "0.1.1", "0.1.0", ("because",), "c" * 40, (Edit("p.toml", 3, "  old ", "  new "),))


def shown(verb: str, result: object) -> str:
    call = verbs.Call(Namespace(set=[]), {"NO_COLOR": "1"}, lambda _: None)
    return verbs.load(verb).show(result, call)


def test_each_result_is_reported() -> None:
    assert shown("test", test_command.Tested("pytest -q", 1.26)) == "passed pytest -q in 1.3 s"
    assert shown("build", BUILT) == "built obk 0.1.1 from cccccccccccc: because"
    released = Delivered("0.1.1", "c" * 40, "released", FILES)
    deployed = shown("deploy", Deployed("obk", "0.1.1", "http://i/", (released,)))
    assert deployed.splitlines() == ["released obk 0.1.1: http://i/", f"  obk.whl  10 bytes  sha256 {'a' * 64}"]
    assert shown("deploy", Deployed("obk", "", "http://i/", ())) == "nothing to deploy: every release is complete"
    late = Deployed("obk", "0.1.1", "http://i/", (), superseded="0.1.2")
    assert shown("deploy", late) == "superseded by 0.1.2, which contains this commit: nothing to send"


def test_what_was_not_checked_is_said() -> None:
    built = Built("obk", "1", "1", (), "c", (), FILES, not_checked=("import: nothing to import",))
    assert "  not checked: import: nothing to import" in shown("build", built)
    assert "installed and imported: obk" in shown("build", Built("p", "1", "1", (), "c", (), imported=("obk",)))


def test_a_plan_is_reported_as_done_or_as_planned() -> None:
    changes = tuple(FileChange(f"{n}.yml", "new\n", found, f) for n, found, f in (
        ("a", None, False), ("b", "new\n", False), ("c", "old\n", False), ("d", "old\n", True),
    ))  # fmt: skip
    done = shown("init", FilePlan(changes, applied=True))
    assert [line for line in done.splitlines() if line.endswith(".yml") and line[0] != " "] == [
        "wrote a.yml", "unchanged b.yml", "kept c.yml", "replaced d.yml",
    ]  # fmt: skip
    assert "would keep c.yml" in shown("init", FilePlan(changes))
