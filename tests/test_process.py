import ctypes
import os
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest

from mergeship import orphans
from mergeship import process as processes
from mergeship.process import ProcessFailed, end_group, output, run, started


def python(code: str) -> list[str]:
    return [sys.executable, "-I", "-c", code]


def test_what_is_written_comes_back_line_by_line(tmp_path: Path) -> None:
    told: list[str] = []
    code = "import sys; print('out', flush=True); print('err', file=sys.stderr)"
    assert run(python(code), cwd=tmp_path, env={}, report=told.append) == "out\nerr\n"
    assert told == ["out", "err"]


def test_the_environment_is_the_one_given(tmp_path: Path) -> None:
    code = "import os; print(sorted(set(os.environ) - {'LC_CTYPE'}))"
    assert run(python(code), cwd=tmp_path, env={"ONLY": "this"}) == "['ONLY']\n"


def test_a_failure_carries_command_status_and_output(tmp_path: Path) -> None:
    with pytest.raises(ProcessFailed) as failed:
        run(python("print('\\n'.join(map(str, range(100)))); raise SystemExit(7)"), cwd=tmp_path, env={})
    assert failed.value.status == 7
    assert failed.value.detail.splitlines() == [str(number) for number in range(40, 100)]
    assert "ended with status 7" in failed.value.message
    assert failed.value.code == "process-failed"


def test_a_full_disk_has_a_name_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(ProcessFailed) as failed:
        run(python("raise SystemExit('copy: no space left on device')"), cwd=tmp_path, env={})
    assert failed.value.code == "disk-full"
    assert "TMPDIR" in failed.value.hint


def test_a_program_that_is_missing_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(ProcessFailed, match="ended with status 127") as failed:
        run(["no-such-program", "x" * 300], cwd=tmp_path, env={})
    assert "no-such-program: no such file" in failed.value.output
    assert len(failed.value.message) < 250


def test_bytes_that_are_no_text_do_not_stop_it(tmp_path: Path) -> None:
    assert run(python("import sys; sys.stdout.buffer.write(b'\\xff\\n')"), cwd=tmp_path, env={}) == "\ufffd\n"


def test_a_block_that_is_left_early_leaves_no_process(tmp_path: Path) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        started(python("import time; time.sleep(60)"), cwd=tmp_path, env={}) as process,
    ):
        raise KeyboardInterrupt
    assert process.returncode == -signal.SIGKILL


def test_a_group_is_ended_with_all_its_children(tmp_path: Path) -> None:
    code = "import os, time; os.fork(); print(os.getpid(), flush=True); time.sleep(60)"
    with started(python(code), cwd=tmp_path, env={}) as process:
        assert process.stdout is not None
        pids = [int(process.stdout.readline()), int(process.stdout.readline())]
        end_group(process, 5)
    assert _gone(pids)


def test_a_group_that_will_not_end_is_killed(tmp_path: Path) -> None:
    code = "import signal, time\nfor n in (2, 15): signal.signal(n, signal.SIG_IGN)\nprint(flush=True); time.sleep(60)"
    with started(python(code), cwd=tmp_path, env={}) as process:
        assert process.stdout is not None
        process.stdout.readline()
        end_group(process, 0.1)
        assert process.wait(5) == -signal.SIGKILL


def _gone(pids: list[int]) -> bool:
    """Whether the processes end; a signal was sent already, and the kernel takes a moment."""
    deadline = time.monotonic() + 10
    while any(_alive(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_child_that_stays_does_not_hold_the_run(tmp_path: Path) -> None:
    began = time.monotonic()
    said = run(["sh", "-c", "sleep 60 & echo $!"], cwd=tmp_path, env={"PATH": os.environ["PATH"]})
    assert time.monotonic() - began < 20
    assert _gone([int(said)])


def test_a_child_that_hides_and_holds_the_output_does_not_hold_the_run(tmp_path: Path) -> None:
    """Where nothing is contained it goes on, as long as it likes: it has not ended when the run has."""
    program = "import subprocess; print(subprocess.Popen(['sleep', '30'], start_new_session=True).pid)"
    pid = int(run(python(program), cwd=tmp_path, env={"PATH": os.environ["PATH"]}))
    assert _alive(pid)
    os.kill(pid, signal.SIGKILL)


def test_warnings_are_not_taken_for_output(tmp_path: Path) -> None:
    code = "import sys; print('out'); print('warning', file=sys.stderr); raise SystemExit(len(sys.argv) > 1)"
    assert output(python(code), cwd=tmp_path, env={}) == "out\n"
    with pytest.raises(ProcessFailed) as failed:
        output([*python(code), "fail"], cwd=tmp_path, env={})
    assert failed.value.output == "out\nwarning\n"


def test_output_that_is_interrupted_leaves_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(process: "subprocess.Popen[str]", *_: object) -> None:
        told.append(process.pid)
        raise KeyboardInterrupt

    told: list[int] = []
    monkeypatch.setattr(processes, "_read", interrupted)
    with pytest.raises(KeyboardInterrupt):
        output(python("import time; time.sleep(60)"), cwd=tmp_path, env={})
    assert _gone(told)


def test_output_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """T22: a git server says as much as it likes."""
    monkeypatch.setattr(processes, "MOST", 1_000)
    assert len(output(python("print('x' * 999)"), cwd=tmp_path, env={})) == 1_000
    with pytest.raises(ProcessFailed, match="status 124") as failed:
        output(python("while True: print('x' * 999)"), cwd=tmp_path, env={})
    assert failed.value.output == "it wrote more than 1000 characters"


def test_output_of_many_short_lines_takes_no_more_than_its_length(tmp_path: Path) -> None:
    """T22: each would be a text of its own, of 50 bytes and more."""
    tracemalloc.start()
    try:
        assert len(output(python("print('a\\n' * 2_000_000)"), cwd=tmp_path, env={})) == 4_000_001
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_what_comes_in_pieces_is_put_together(tmp_path: Path) -> None:
    """A letter of several bytes, and the end of a line, may be cut in two."""
    code = (
        "import os, time\nfor byte in 'ä€\\r\\nb\\rc'.encode():\n    os.write(1, bytes([byte]))\n    time.sleep(0.01)"
    )
    assert output(python(code), cwd=tmp_path, env={}) == "ä€\nb\nc"


def test_what_is_given_and_what_is_written_may_both_be_long(tmp_path: Path) -> None:
    code = "import sys; text = sys.stdin.read(); sys.stderr.write(text); sys.stdout.write(text)"
    text = "x" * 999_999 + "\n"
    assert output(python(code), cwd=tmp_path, env={}, given=text) == text


def test_a_hidden_child_that_holds_an_output_holds_nobody(tmp_path: Path) -> None:
    """T22: the limit is one all the same."""
    pid = tmp_path / "pid"
    child = "child = subprocess.Popen(['sleep', '30'], start_new_session=True)"
    code = f"import subprocess, time; {child}; open({str(pid)!r}, 'w').write(str(child.pid)); time.sleep(30)"
    with pytest.raises(ProcessFailed, match="status 124"):
        output(python(code), cwd=tmp_path, env=dict(os.environ), seconds=2)
    assert _alive(int(pid.read_text()))
    os.kill(int(pid.read_text()), signal.SIGKILL)


def test_output_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(ProcessFailed, match="status 124") as failed:
        output(python("import time; time.sleep(60)"), cwd=tmp_path, env={}, seconds=0.3)
    assert (failed.value.status, failed.value.output) == (124, "it did not end within 0.3 s")


DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.environ.clear()
        if {deep} and os.fork() == 0:
            os.setsid()
        open({path!r}, "a").write(f"{{os.getpid()}}\\n")
        if not {holds}:
            os.close(1), os.close(2)
        time.sleep(60)
    os._exit(0)
while not os.path.exists({path!r}):
    time.sleep(0.01)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere orphans go to init")
@pytest.mark.parametrize(("deep", "holds"), [(False, False), (True, False), (False, True)])
def test_what_hides_from_its_group_is_ended_too(tmp_path: Path, deep: bool, holds: bool) -> None:
    """T9: twice forked, in a session of its own, and even with our output open."""
    path = tmp_path / "pids"
    code = python(DAEMON.format(path=str(path), deep=deep, holds=holds))
    began = time.monotonic()
    assert run(code, cwd=tmp_path, env={}, contained=True) == ""
    assert time.monotonic() - began < 30
    assert all(is_gone(int(pid)) for pid in path.read_text().split())


HOPPER = """
import os, time
if os.fork() == 0:
    os.setsid()
    os.close(1), os.close(2)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if os.fork():
            os._exit(0)
        with open({path!r}, "w") as file:
            file.write(str(os.getpid()))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere orphans go to init")
def test_what_forks_on_and_on_is_ended_or_reported(tmp_path: Path) -> None:
    """T9: it is another process whenever it is looked at."""
    path = tmp_path / "pid"
    run(python(HOPPER.format(path=str(path))), cwd=tmp_path, env={}, contained=True)
    last = path.read_text() if path.exists() else ""
    time.sleep(0.3)
    assert (path.read_text() if path.exists() else "") == last


@pytest.mark.parametrize("session", ["", "setsid "])
def test_what_writes_on_and_on_does_not_hold_the_run(tmp_path: Path, session: str) -> None:
    """T9: its own program has ended."""
    chatty = f"({session}sh -c 'while sleep 0.05; do echo more; done') & echo done"
    assert run(["sh", "-c", chatty], cwd=tmp_path, env={"PATH": os.environ["PATH"]}, contained=True).startswith("done")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere orphans go to init")
def test_a_failure_s_orphans_are_ended_and_nobody_else_s_processes(tmp_path: Path) -> None:
    """T9: what others of our threads have started, and what was there before, goes on."""
    path = tmp_path / "pids"
    code = python(DAEMON.format(path=str(path), deep=False, holds=False) + "\nraise SystemExit(3)")
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    with other, started(python("import time; time.sleep(60)"), cwd=tmp_path, env={}) as running:
        with pytest.raises(ProcessFailed, match="status 3"):
            run(code, cwd=tmp_path, env={}, contained=True)
        assert (other.poll(), running.poll()) == (None, None)
        other.kill()
    assert all(is_gone(int(pid)) for pid in path.read_text().split())


def test_what_cannot_be_ended_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orphans, "adopt", lambda: True)
    monkeypatch.setattr(orphans, "PATIENCE", 0.05)
    monkeypatch.setattr(orphans, "_orphans", lambda _: [12345])
    with pytest.raises(ProcessFailed) as failed:
        run(python("print('done')"), cwd=tmp_path, env={}, contained=True)
    assert "cannot be ended: 12345" in failed.value.detail


def test_an_orphan_that_came_between_two_looks_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """T9: one that forks on and on may have been nobody's child when it was looked for."""
    looks = iter([[], [7], [], []])
    monkeypatch.setattr(orphans, "_orphans", lambda _: next(looks))
    assert orphans.end([]) == []
    assert list(looks) == []


def test_where_orphans_cannot_be_adopted_the_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: None)
    orphans.adopt.cache_clear()
    try:
        assert run(python("print('done')"), cwd=tmp_path, env={}, contained=True) == "done\n"
    finally:
        orphans.adopt.cache_clear()


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_flood_is_neither_kept_nor_shown_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """T22"""
    monkeypatch.setattr(processes, "SHOWN", 3)
    told: list[str] = []
    written = run(python("for n in range(9000): print(n)"), cwd=tmp_path, env={}, report=told.append)
    assert written.split() == [str(number) for number in range(9000 - processes.KEPT, 9000)]
    assert told == ["0", "1", "2", "(more than 3 lines: the rest is not shown here)"]


def test_who_writes_faster_than_it_is_read_has_to_wait(tmp_path: Path) -> None:
    """T22: what is written meanwhile is not collected in memory."""
    done = tmp_path / "done"
    code = f"for n in range(50_000): print(n, flush=n % 999 == 0)\nopen({str(done)!r}, 'w').close()"
    seen: list[bool] = []

    def hold(_: str) -> None:
        if not seen:
            time.sleep(1)
            seen.append(done.exists())

    run(python(code), cwd=tmp_path, env={}, report=hold)
    assert seen == [False]
    assert done.exists()


def test_a_line_without_an_end_is_several(tmp_path: Path) -> None:
    """T22: 90 MB of it are not held at once."""
    tracemalloc.start()
    try:
        written = run(python("import sys\nfor _ in range(9000): sys.stdout.write('x' * 10_000)"), cwd=tmp_path, env={})
        assert tracemalloc.get_traced_memory()[1] < 120_000_000
    finally:
        tracemalloc.stop()
    assert len(written) <= processes.KEPT * processes.LONGEST < 90_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere orphans go to init")
def test_what_another_thread_has_started_since_is_no_orphan(tmp_path: Path) -> None:
    """T9: it is waited for, and was not there when the run began."""
    assert orphans.adopt()
    before = orphans.descendants()
    with started(python("import time; time.sleep(60)"), cwd=tmp_path, env={}) as running:
        assert orphans.end(before) == []
        assert running.poll() is None


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc elsewhere")
def test_what_is_started_cannot_read_our_environment(tmp_path: Path) -> None:
    """T17: it may hold passwords of package sources. Root can always read it, so it is asked how it is set."""
    code = """
import ctypes, sys
from pathlib import Path
from mergeship.process import run
run(["true"], cwd=".", env={"PATH": "/usr/bin:/bin"}, contained=True)
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""
    assert output([sys.executable, "-c", code], cwd=tmp_path, env=dict(os.environ)) == "0\n"
