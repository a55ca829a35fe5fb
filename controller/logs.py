"""Logs for a person (console) or a machine (JSON), through the standard library.

What a line is about travels as ``extra``: ``job`` and ``update`` (namespace/name), ``instance``.
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
    """Send all logs to ``stream`` (stderr), in ``format`` console or json, from ``level`` on."""
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
    """Frameworks tell at INFO what every object and request does; that is our business to tell."""
    quiet = level.lower() != "debug"
    logging.getLogger("kopf").setLevel(logging.INFO)
    logging.getLogger("kopf.objects").setLevel(logging.WARNING)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING if quiet else logging.DEBUG)
    logging.getLogger("kubernetes").setLevel(logging.WARNING)


def _is_news(record: logging.LogRecord) -> bool:
    # kopf runs in a thread on purpose; signals are handled by the main one.
    return not (record.name.startswith("kopf") and "OS signals are ignored" in str(record.msg))


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
    """One object a line: time, level, logger, message, and the context that was given."""

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
