"""The end of the demo: the command line tells what happened, and what there is to try next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hack.demo.screen import Screen

#: What the end shows of the Job of the story.
COMMANDS: Final = ("echelon update list web", "echelon job status web")
NEXT: Final = (
    ("make ui", "open the web page, on a cluster with Jobs in every state"),
    ("make demo KEEP=1", "run this again, then explore the cluster with echelon and kubectl"),
    ("make cluster", "start an empty cluster and try things out"),
    ("examples/webserver.yaml", "read the manifest of this Job"),
    ("docs/cli.md", "read what else echelon can do"),
)


def tell(run: Callable[[str], str], screen: Screen) -> None:
    """Show what the command line says of the Job. ``run`` runs a command line and returns its
    output."""
    screen.heading("The same, told by echelon")
    screen.say("The command line starts, follows and steers updates; here it looks back.")
    for command in COMMANDS:
        screen.command(command)
        screen.output(run(command))


def advise(screen: Screen) -> None:
    """What to do next, a line each."""
    width = max(len(what) for what, _ in NEXT) + 3
    for what, why in NEXT:
        screen.say(f"  {what:<{width}}{why}")
