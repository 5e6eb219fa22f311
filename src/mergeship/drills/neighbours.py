"""What a pull request's code can replace on a runner that deploys too: no stage can notice it, so it is warned of."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from mergeship.adapters import files
from mergeship.core import workflow
from mergeship.core.settings import Settings
from mergeship.drills.drill import Drill
from mergeship.drills.env import DrillEnv, DrillSession, demand
from mergeship.process import started

Tamper = Callable[[DrillEnv], AbstractContextManager[object]]


def _shared(tamper: Tamper) -> Callable[[DrillSession], str]:
    def drilled(session: DrillSession) -> str:
        with session.env() as drill:
            written = {path: files.template(workflow.TEMPLATES[path]) for path in (workflow.PATH, workflow.CHECKS)}
            drill.merged(changes={path: workflow.render(text, Settings()) for path, text in written.items()})
            drill.claimed()
            with tamper(drill):
                ran = drill.deploy()
            demand(ran.status == 0, f"deploy: {ran.message}")
            warned = [words for words in ran.document["warnings"] if "pull requests run where this deploys" in words]
            demand(len(warned) == 1 and workflow.CHECKS in warned[0], f"deploy does not warn: {ran.output}")
            return "deploy warns that checks share its user"

    return drilled


def _runner_folder(drill: DrillEnv) -> AbstractContextManager[object]:
    (drill.runner.home / ".path").write_text("/evil\n", encoding="utf-8")
    return nullcontext()


def _installation(drill: DrillEnv) -> AbstractContextManager[object]:
    command = drill.testbed.box.command
    command.write_text(command.read_text(encoding="utf-8").replace("exec", "true evil; exec"), encoding="utf-8")
    return nullcontext()


def _start_up(drill: DrillEnv) -> AbstractContextManager[object]:
    (drill.testbed.box.root / "home" / ".profile").write_text("true evil\n", encoding="utf-8")
    return nullcontext()


def _process(drill: DrillEnv) -> AbstractContextManager[object]:
    watch = "while sleep 0.1; do cat /proc/[0-9]*/environ >/dev/null 2>&1; done"
    return started(["sh", "-c", watch], cwd=drill.runner.home, env=drill.testbed.box.env)


_WARNED = "deploy warns: it cannot notice that"
DRILLS = (
    Drill(
        "shared-runner-folder", "a pull request's tests write to the runner's folder", _WARNED, _shared(_runner_folder)
    ),
    Drill("shared-installation", "they replace the installed mergeship", _WARNED, _shared(_installation)),
    Drill("shared-start-up", "they write to the shell's start-up files", _WARNED, _shared(_start_up)),
    Drill("shared-process", "they watch the processes of their user", _WARNED, _shared(_process)),
)
