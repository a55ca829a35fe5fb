"""Log output for people (console) or programs (JSON), with the standard library.

Loggers pass the subject of a line as ``extra``: ``job`` and ``update`` (namespace/name),
``instance``.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from datetime import UTC, datetime
from typing import Final, TextIO

from pythonjsonlogger.json import JsonFormatter

#: The ``extra`` fields shown, in this order.
CONTEXT: Final = ("job", "update", "instance")

_COLOURS: Final = {
    logging.DEBUG: "\033[2m",
    logging.INFO: "\033[32m",
    logging.WARNING: "\033[33m",
    logging.ERROR: "\033[31m",
    logging.CRITICAL: "\033[1;31m",
}
_DIM: Final = "\033[2m"
_RESET: Final = "\033[0m"


def setup(format: str = "console", level: str = "info", stream: TextIO | None = None) -> None:
    """Write all logs of at least ``level`` to ``stream`` (default stderr) as console or json."""
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Json() if format == "json" else Console(colour=_wants_colour(stream)))
    handler.addFilter(_is_news)
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    _tame_others(level)


def _tame_others(level: str) -> None:
    """Raise the levels of libraries that would log every object and request at INFO."""
    quiet = level.lower() != "debug"
    logging.getLogger("kopf").setLevel(logging.INFO)
    logging.getLogger("kopf.objects").setLevel(logging.WARNING)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING if quiet else logging.DEBUG)
    logging.getLogger("kubernetes").setLevel(logging.WARNING)


#: kopf warns that it gets no signals in its thread; the main thread handles them. It logs the stack
#: of each failure of a watch; `controller.handlers` says in a line that kopf is started again.
_NO_NEWS: Final = ("OS signals are ignored", " has failed: ")


def _is_news(record: logging.LogRecord) -> bool:
    return not (record.name.startswith("kopf") and any(w in str(record.msg) for w in _NO_NEWS))


def _wants_colour(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR")


class Console(logging.Formatter):
    """``12:34:56.789 INFO  message  job=default/web instance=3``"""

    def __init__(self, *, colour: bool = False) -> None:
        super().__init__()
        self._colour = colour

    def format(self, record: logging.LogRecord) -> str:
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        level = f"{record.levelname:<7}"
        about = " ".join(
            f"{name}={value}"
            for name in CONTEXT
            if (value := getattr(record, name, None)) is not None
        )
        if self._colour:
            level = f"{_COLOURS.get(record.levelno, '')}{level}{_RESET}"
            about = about and f"{_DIM}{about}{_RESET}"
        line = f"{clock}.{int(record.msecs):03d} {level} {record.getMessage()}"
        if about:
            line += f"  {about}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


class Json(JsonFormatter):
    """One JSON object per line: time, level, logger, message and the ``extra`` fields."""

    def __init__(self) -> None:
        super().__init__(
            "%(levelname)s %(name)s %(message)s",
            rename_fields={"levelname": "level", "name": "logger", "exc_info": "exception"},
        )

    def add_fields(
        self,
        log_data: dict[str, object],
        record: logging.LogRecord,
        message_dict: dict[str, object],
    ) -> None:
        stamp = datetime.fromtimestamp(record.created, UTC)
        log_data["time"] = stamp.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        super().add_fields(log_data, record, message_dict)
        log_data["level"] = str(log_data["level"]).lower()
