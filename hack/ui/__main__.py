"""``python -m hack.ui``: see ``--help``. It ends with Ctrl-C."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from types import FrameType

from hack.devcluster.build import BuildError
from hack.devcluster.cluster import ClusterError
from hack.ui.scene import Scene


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="hack.ui",
        description="Opens the web page on a local control plane with simulated nodes, with Jobs "
        "in every state.",
    )
    parser.add_argument("--instances", type=int, default=400, help="of the largest Job (400)")
    parser.add_argument("--port", type=int, help="port of the page (8765)")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    try:
        with ExitStack() as stack:
            _run(stack, options)
    except (BuildError, ClusterError) as error:
        sys.exit(f"ui: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def _end(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _run(stack: ExitStack, options: argparse.Namespace) -> None:
    print("starting a control plane …", flush=True)
    scene = stack.enter_context(Scene(options.instances))
    print(f"export KUBECONFIG={scene.cluster.kubeconfig}", flush=True)
    command = [sys.executable, "-m", "controller.cli", "ui"]
    command += ["--port", str(options.port)] if options.port is not None else []
    command += ["--no-browser"] if options.no_browser else []
    environ = os.environ | {"KUBECONFIG": str(scene.cluster.kubeconfig)}
    page = subprocess.Popen(command, env=environ)
    stack.callback(page.wait)
    stack.callback(page.terminate)
    scene.change(lambda: page.poll() is None)
    code = page.wait()
    if code:
        sys.exit(code)


if __name__ == "__main__":
    main()
