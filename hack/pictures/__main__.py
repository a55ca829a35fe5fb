"""``python -m hack.pictures``: see ``--help``. Takes about five minutes."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Final

from hack.devcluster.build import BuildError
from hack.devcluster.cluster import ClusterError
from hack.pictures.files import TooLargeError
from hack.pictures.page import SceneError, take, wait_until_running
from hack.pictures.stories import films
from hack.pictures.terminal import TerminalError
from hack.ui.programs import page
from hack.ui.scene import Scene

FOLDER: Final = Path(__file__).resolve().parents[2] / "docs" / "pictures"

FAULTS: Final = (
    BuildError,
    ClusterError,
    FileNotFoundError,
    SceneError,
    TerminalError,
    TooLargeError,
)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="hack.pictures",
        description="Takes the pictures of the documents: the page in Chromium, the command line "
        "in tmux, on a local control plane with Jobs in every state.",
    )
    parser.add_argument("--only", choices=("page", "terminal"), help="take these alone")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="write them here")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    try:
        _take(options.only, options.folder)
    except FAULTS as error:
        sys.exit(f"pictures: {error}")


def _take(only: str | None, folder: Path) -> None:
    # The page is up from the beginning: its charts show what it has seen itself.
    with Scene() as scene, page(scene.cluster.kubeconfig) as (url, _):
        if only != "page":
            with tempfile.TemporaryDirectory() as aside:
                for film in films(scene, Path(aside)):
                    film.write(folder)
        if only != "terminal":
            scene.change()
            wait_until_running(scene)
            take(url, folder)


if __name__ == "__main__":
    main()
