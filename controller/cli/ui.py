"""``echelon ui``: the web page, on this machine and with this kubeconfig."""

from __future__ import annotations

import os
import sys
import webbrowser
from typing import Annotated

import typer

from controller.cli import options
from controller.cli.exits import CliError, Exit
from controller.cli.explained import explained
from controller.cli.output import note
from controller.cli.session import Place, Session, run
from controller.kube.errors import ApiError


def ui(
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            min=0,
            max=65535,
            help="Port on 127.0.0.1; 0: any free one. Absent: 8765, or a free one if it is taken.",
            show_default=False,
        ),
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in the browser.")
    ] = True,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Open a page with Jobs and Updates, as far as this kubeconfig may see them. It serves this
    machine alone, until Ctrl-C."""
    try:
        # What the page needs is another extra than the command line's.
        from controller.ui.reviews import SELF_REVIEWS
        from controller.ui.serve import serve
    except ImportError as error:
        raise CliError(
            f"the web page is not installed: {error}",
            "install it with `pip install '.[ui]'` in a checkout of Echelon",
        ) from error

    async def command(session: Session) -> None:
        def ready(address: str, remark: str) -> None:
            print(address, flush=True)
            if remark:
                note(remark)
            note("Press Ctrl-C to stop.")
            if browser and _has_screen():
                webbrowser.open(address)

        try:
            await serve(
                session.client,
                namespace=namespace,
                fallback=session.namespace,
                place=session.context,
                port=port,
                ready=ready,
            )
        except ApiError as error:
            # The page first asks what its user may see.
            raise explained(error, "create", SELF_REVIEWS, "", "") from error
        except OSError as error:
            raise CliError(
                f"port {port} cannot be used: {error.strerror}", "choose another with --port"
            ) from error

    try:
        run(Place(kubeconfig, context, namespace), command)
    except CliError as error:
        if error.code is not Exit.INTERRUPTED:
            raise


def _has_screen() -> bool:
    """Whether a browser could show itself; a text browser would take the terminal."""
    named = ("DISPLAY", "WAYLAND_DISPLAY")
    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in named)
