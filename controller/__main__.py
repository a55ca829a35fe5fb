"""``python -m controller``: run the operator in the foreground until SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import sys

from controller import garbage

garbage.look_rarely()  # Before the other imports, for they create a hundred thousand objects.

from controller import logs, settings  # noqa: E402
from controller.app import serve  # noqa: E402
from controller.kube.config import ConfigError  # noqa: E402
from controller.kube.deep import RECURSION_LIMIT  # noqa: E402


def main() -> None:
    """The console script ``echelon-controller``."""
    chosen = settings.load(sys.argv[1:])
    logs.setup(chosen.log_format, chosen.log_level)
    sys.setrecursionlimit(RECURSION_LIMIT)
    try:
        asyncio.run(serve(chosen))
    except (ConfigError, OSError) as error:
        logging.getLogger("controller").error("%s", error)
        raise SystemExit(1) from error


if __name__ == "__main__":
    main()
