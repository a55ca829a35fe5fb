"""An interrupted demo ends all its processes. (`make demo` itself checks that the demo works.)"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hack.demo.stage import ROOT
from hack.demo.story import EXAMPLE, SHORTER_TIMEOUT


def test_the_demo_changes_only_the_timeout_of_the_example() -> None:
    command = ["sed", "-n", f"{SHORTER_TIMEOUT}p", EXAMPLE]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert [line.strip() for line in done.stdout.splitlines()] == ["readyTimeoutSeconds: 3"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)
def test_an_interrupted_demo_leaves_nothing_behind(number: signal.Signals, tmp_path: Path) -> None:
    demo = subprocess.Popen(
        [sys.executable, "-m", "hack.demo", "--plain"],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert demo.stdout is not None
    for line in demo.stdout:
        if "RollingForward" in line:
            break
    started = descendants(demo.pid)
    assert len(started) >= 6, (
        "etcd, three Kubernetes components, the node simulator and the operator"
    )
    demo.send_signal(number)
    demo.stdout.read()
    assert demo.wait(30) == (143 if number is signal.SIGTERM else 130)
    deadline = time.monotonic() + 10
    while (left := [pid for pid in started if alive(pid)]) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []
    assert list(tmp_path.iterdir()) == []


def descendants(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += [int(child), *descendants(int(child))]
    return found


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
