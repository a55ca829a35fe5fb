"""The end of the demo is what it says, and an interrupted demo ends all its processes. (`make demo`
itself checks that the story works.)"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hack.demo.ending import COMMANDS, NEXT, advise, tell
from hack.demo.screen import Plain
from hack.demo.stage import ROOT, Stage
from hack.demo.story import EXAMPLE, GOOD, SHORTER_TIMEOUT
from hack.harness.patience import patient
from tests.examples.rolling import Rolling


def test_the_demo_changes_only_the_timeout_of_the_example() -> None:
    command = ["sed", "-n", f"{SHORTER_TIMEOUT}p", EXAMPLE]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert [line.strip() for line in done.stdout.splitlines()] == ["readyTimeoutSeconds: 3"]


def test_the_demo_ends_with_what_echelon_says(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.shell(f"kubectl apply -f {EXAMPLE}")
    job = Rolling(stage, "web")
    job.wait_ready(12)
    new = GOOD.rpartition(":")[2]
    stage.shell(f"sed s/:1.0/:{new}/ {EXAMPLE} | kubectl apply -f -")
    job.wait_outcome("RolledForward", 2)
    job.wait_ready(12)
    tell(stage.shell, Plain())
    advise(Plain())
    said = capsys.readouterr().out
    first, second = (said.split(f"$ {command}\n")[1].split("$ ")[0] for command in COMMANDS)
    assert re.search(r"^web-g2 .*RolledForward.* 12/12 ", first, re.MULTILINE), first
    assert re.search(rf"\b{GOOD}\b", second), second
    assert "make ui" in said
    job.delete()


def test_what_the_demo_advises_is_there() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for what, _ in NEXT:
        words = what.split()
        assert words[1] in targets if words[0] == "make" else (ROOT / what).is_file(), what


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
    assert demo.wait(patient(30)) == (143 if number is signal.SIGTERM else 130)
    deadline = time.monotonic() + patient(10)
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
