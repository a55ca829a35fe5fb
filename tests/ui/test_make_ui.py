"""``make ui``: Jobs in every state, and nothing left behind when it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from hack.demo.stage import ROOT
from hack.harness.patience import patient
from tests.examples.test_demo import alive, descendants

STATES = ("Ready", "Update pending", "Reconciling", "Paused", "Stalled")
#: What Updates of the scene come to, and stay.
OUTCOMES = ("Rolled forward", "Rolled back", "Failed")
PATIENCE = 360.0


def test_it_shows_jobs_in_every_state_and_ends_without_a_trace(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hack.ui", "--no-browser", "--port=0", "--instances=20"]
    started = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert started.stdout is not None
    said = []
    for line in started.stdout:
        said.append(line)
        if line.startswith("http"):
            break
    assert any(line.startswith("export KUBECONFIG=") for line in said), said
    wait(said[-1].strip(), (*STATES, *OUTCOMES))
    processes = descendants(started.pid)
    os.killpg(started.pid, signal.SIGINT)  # as Ctrl-C: to all of the terminal's processes
    rest = started.stdout.read()
    assert started.wait(patient(30)) == 130
    assert "Traceback" not in rest
    end = time.monotonic() + patient(10)
    while (left := [pid for pid in processes if alive(pid)]) and time.monotonic() < end:
        time.sleep(0.1)
    assert left == []
    assert list(tmp_path.iterdir()) == []


def wait(url: str, words: tuple[str, ...]) -> None:
    """Wait until the list of Jobs has said each of these words."""
    missing = set(words)
    end = time.monotonic() + PATIENCE
    while missing:
        assert time.monotonic() < end, f"the page does not say {missing}"
        with urllib.request.urlopen(url, timeout=30) as answer:
            shown = answer.read().decode()
        missing -= {word for word in missing if word in shown}
        time.sleep(0.2)
