"""`python -m hack.demo`: see `--help`. The exit status is 0 if all checks of the story passed."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from types import FrameType

from hack.demo.ending import advise, tell
from hack.demo.screen import Screen, make_screen
from hack.demo.stage import Stage, StageError
from hack.demo.story import Story
from hack.devcluster.build import KUBERNETES_VERSION, BuildError
from hack.devcluster.cluster import ClusterError


def _end(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="hack.demo",
        description="Shows an update that succeeds and two that roll back, on a real control "
        "plane with simulated nodes. Writes only to a temporary folder and the user's cache.",
    )
    parser.add_argument("--keep", action="store_true", help="keep the cluster running until Ctrl-C")
    parser.add_argument(
        "--plain", action="store_true", help="print lines instead of a live picture"
    )
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    screen = make_screen(options.plain)
    started_at = time.monotonic()
    with Stage() as stage:
        try:
            _set_up(stage, screen)
            story = Story(stage, screen)
            story.play()
            tell(stage.shell, screen)
            _sum_up(story, screen, time.monotonic() - started_at)
            if options.keep:
                _keep(stage, screen)
        except (StageError, ClusterError, BuildError) as error:
            _explain(stage, screen, str(error))
            sys.exit(1)
        except KeyboardInterrupt:
            sys.exit(130)
    sys.exit(0 if story.passed else 1)


def _set_up(stage: Stage, screen: Screen) -> None:
    screen.heading("Echelon")
    with screen.step(f"Kubernetes {KUBERNETES_VERSION}, {stage.nodes} simulated nodes"):
        stage.start_cluster()
    command = "kubectl apply -f crds/"
    screen.command(command)
    stage.shell(command)
    screen.command("python -m controller &")
    stage.start_operator()


def _sum_up(story: Story, screen: Screen, seconds: float) -> None:
    screen.heading("Summary")
    for ok, text, taken in story.results:
        screen.check(ok, text, taken)
    screen.say("")
    result = "All checks passed" if story.passed else "Some checks FAILED"
    screen.say(f"{result}, in {seconds:.0f} s. What to do next:")
    advise(screen)
    if not story.passed:
        screen.output(story.stage.operator_log())


def _keep(stage: Stage, screen: Screen) -> None:
    screen.heading("The cluster runs until Ctrl-C")
    screen.output(f"export KUBECONFIG={stage.cluster.kubeconfig}")
    screen.output(f"export PATH={stage.programs}:$PATH")
    screen.output(f"# log of the operator: {stage.operator.log}")
    while True:
        stage.check_operator()
        time.sleep(1)


def _explain(stage: Stage, screen: Screen, error: str) -> None:
    screen.heading("The demo has failed")
    screen.check(False, error)
    if log := stage.operator_log():
        screen.say("The last lines of the operator's log:")
        screen.output(log)


if __name__ == "__main__":
    main()
