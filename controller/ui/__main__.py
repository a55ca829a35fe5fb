"""``python -m controller.ui``: the page for many viewers, in the foreground until SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import sys

from controller import logs
from controller.kube.config import ConfigError
from controller.kube.deep import RECURSION_LIMIT
from controller.ui import settings
from controller.ui.deployment import serve


def main() -> None:
    """The console script ``echelon-ui``."""
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
