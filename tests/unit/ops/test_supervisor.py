"""Rules of the supervisor, with real (tiny) processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from ops.supervisor import Pace, Supervisor

QUICK = Pace(first=0.05, longest=0.2, healthy=60.0, grace=1.0)


def _supervise(script: str, processes: int = 1, pace: Pace = QUICK) -> tuple[Supervisor, list[str]]:
    said: list[str] = []
    return Supervisor([sys.executable, "-c", script], processes, said.append, pace), said


def _when(condition: Callable[[], bool], act: Callable[[], None]) -> threading.Thread:
    """Act from another thread as soon as the condition holds (or after 60 s, so that no test hangs)."""

    def wait() -> None:
        end = time.monotonic() + 60
        while not condition() and time.monotonic() < end:
            time.sleep(0.02)
        act()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_a_worker_that_stopped_itself_is_restarted_later_and_later(tmp_path: Path) -> None:
    """Code 70 brings the worker back; the pauses double up to the longest one."""
    script = f"open({str(tmp_path / 'n')!r}, 'a').write('x'); raise SystemExit(70)"
    supervisor, said = _supervise(script)
    thread = _when(lambda: sum("restarting in" in line for line in said) >= 4, supervisor.stop)
    assert supervisor.run() == 0
    thread.join()
    pauses = [line.rsplit("restarting in ", 1)[1] for line in said if "restarting in" in line]
    assert pauses[:4] == ["0.05 s", "0.1 s", "0.2 s", "0.2 s"]
    assert len((tmp_path / "n").read_text()) >= 4


def test_a_worker_that_was_healthy_long_enough_is_restarted_soon() -> None:
    """After `healthy` seconds without trouble the pause starts from the first one again."""
    pace = Pace(first=0.05, longest=5.0, healthy=0.3, grace=1.0)
    supervisor, said = _supervise("import time; time.sleep(0.4); raise SystemExit(70)", pace=pace)
    thread = _when(lambda: sum("restarting in" in line for line in said) >= 3, supervisor.stop)
    supervisor.run()
    thread.join()
    assert all(line.endswith("restarting in 0.05 s") for line in said if "restarting in" in line)


def test_a_killed_worker_is_restarted_and_the_signal_named() -> None:
    """kill -9 of a worker brings a new process with a line that says what happened."""
    supervisor, said = _supervise("import time; time.sleep(60)")

    def kill() -> None:
        process = supervisor.slots[0].process
        assert process is not None
        process.kill()

    first = _when(lambda: supervisor.slots[0].process is not None, kill)
    second = _when(lambda: sum("started" in line for line in said) >= 2, supervisor.stop)
    assert supervisor.run() == 0
    first.join()
    second.join()
    assert "worker 1 was killed by SIGKILL; restarting in 0.05 s" in said


def test_a_configuration_error_stops_everything_with_its_code(tmp_path: Path) -> None:
    """Another code than 0 or 70 of one worker ends all of them: a restart would not help."""
    once = f"open({str(tmp_path / 'first')!r}, 'x')"  # only one of the two can make the file; it then ends with 2
    script = f"import sys, time\ntry: {once}\nexcept FileExistsError: time.sleep(60)\ntime.sleep(0.2); sys.exit(2)"
    supervisor, said = _supervise(script, processes=2)
    assert supervisor.run() == 2
    assert any("exited with code 2: a restart would not help" in line for line in said)
    assert any(line.startswith("stopping worker") for line in said)
    assert all(slot.process is None for slot in supervisor.slots)


def test_workers_that_end_well_are_not_restarted() -> None:
    """Code 0 is an end, not a failure: when all have ended the supervisor ends with 0."""
    supervisor, said = _supervise("pass", processes=3)
    assert supervisor.run() == 0
    assert sum("started" in line for line in said) == 3


def test_a_worker_that_does_not_stop_is_killed_after_the_grace(tmp_path: Path) -> None:
    """SIGTERM first; who ignores it is gone when the grace is over, and it is said."""
    ready = tmp_path / "ready"
    ignore = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    script = f"{ignore}; open({str(ready)!r}, 'w').close(); time.sleep(60)"
    supervisor, said = _supervise(script, pace=Pace(grace=0.5))
    thread = _when(ready.exists, supervisor.stop)
    begin = time.monotonic()
    supervisor.run()
    thread.join()
    assert time.monotonic() - begin < 40
    assert "worker 1 did not stop within 0.5 s and was killed" in said


def test_sigterm_and_ctrl_c_stop_the_workers_gracefully(tmp_path: Path) -> None:
    """Both signals reach each worker once as SIGTERM; the supervisor waits for them and ends with 0."""
    worker = (
        "import signal, sys, time\n"
        f"signal.signal(signal.SIGTERM, lambda *a: (open({str(tmp_path / 'ended')!r}, 'a').write('x'), sys.exit(0)))\n"
        f"open({str(tmp_path / 'ready')!r}, 'a').write('x')\n"
        "time.sleep(60)\n"
    )
    program = (
        "import sys\nfrom ops.supervisor import Supervisor\n"
        f"sys.exit(Supervisor([sys.executable, '-c', {worker!r}], 2).run())"
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        for name in ("ready", "ended"):
            (tmp_path / name).write_text("")
        with subprocess.Popen([sys.executable, "-c", program]) as parent:
            _when(lambda: len((tmp_path / "ready").read_text()) == 2, lambda: None).join()
            os.kill(parent.pid, number)
            assert parent.wait(60) == 0
        assert (tmp_path / "ended").read_text() == "xx"


def test_workers_do_not_outlive_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    """kill -9 of the supervisor: its workers are gone a moment later."""
    worker = f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    program = f"import sys\nfrom ops.supervisor import Supervisor\nSupervisor([sys.executable, '-c', {worker!r}]).run()"
    pid = tmp_path / "pid"
    with subprocess.Popen([sys.executable, "-c", program]) as parent:
        _when(lambda: pid.exists() and pid.read_text() != "", lambda: None).join()
        parent.kill()
    status = Path(f"/proc/{pid.read_text()}")
    _when(lambda: not status.exists(), lambda: None).join()
    assert not status.exists()
