"""The flags that all commands share, as kubectl's users know them."""

from __future__ import annotations

from typing import Annotated

import typer

from controller.cli.durations import seconds
from controller.cli.output import Data, Format

Kubeconfig = Annotated[
    str | None,
    typer.Option("--kubeconfig", help="Path of the kubeconfig.", show_default=False),
]
Context = Annotated[
    str | None,
    typer.Option("--context", help="Context of the kubeconfig.", show_default=False),
]
Namespace = Annotated[
    str | None,
    typer.Option(
        "-n", "--namespace", help="Namespace; absent: that of the context.", show_default=False
    ),
]
Everywhere = Annotated[bool, typer.Option("-A", "--all-namespaces", help="Look in all namespaces.")]
Selector = Annotated[
    str | None,
    typer.Option("-l", "--selector", help="Label selector, such as app=web.", show_default=False),
]
Output = Annotated[
    Format | None,
    typer.Option("-o", "--output", help="json, yaml, wide or name.", show_default=False),
]
AsData = Annotated[
    Data | None, typer.Option("-o", "--output", help="json or yaml.", show_default=False)
]
Yes = Annotated[bool, typer.Option("-y", "--yes", help="Do not ask.")]
Timeout = Annotated[
    float | None,
    typer.Option(
        "--timeout",
        parser=seconds,
        metavar="SECONDS",
        help="Wait at most so long, such as 90, 90s or 5m; then exit code 7.",
        show_default=False,
    ),
]
ExitOnPause = Annotated[
    bool,
    typer.Option(
        "--exit-on-pause", help="End with exit code 8 when the operator pauses the Update."
    ),
]
Message = Annotated[
    str | None,
    typer.Option("-m", "--message", help="Why, for the history.", show_default=False),
]
Paused = Annotated[
    bool, typer.Option("--paused", help="Start it paused; `update resume` lets it go.")
]
Force = Annotated[
    bool, typer.Option("--force", help="Even if an Update to this revision failed before.")
]
Ids = Annotated[
    str | None,
    typer.Option("--instances", metavar="IDS", help="Only these: 0-3,7.", show_default=False),
]
