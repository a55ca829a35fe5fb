"""The HTTP server of the page: how requests are taken, and what is logged of those that cannot be
read.

Words of such a request may be a secret: the parser's error repeats the line that it cannot read,
for example a bearer token with a carriage return behind it.
"""

from __future__ import annotations

import logging
from typing import Any, Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.log import server_logger

#: Seconds that open requests get at the end.
_TO_END: Final = 2.0


def runner(app: web.Application, **settings: Any) -> web.AppRunner:
    """Runs the application. ``settings``: more of aiohttp's."""
    # addFilter does nothing if the logger has the filter already.
    server_logger.addFilter(without_words)
    # A log of requests would only repeat what browsers show.
    return web.AppRunner(app, access_log=None, shutdown_timeout=_TO_END, **settings)


def without_words(record: logging.LogRecord) -> bool:
    """A filter that names the class of the parser's error instead of the error."""
    error = record.exc_info[1] if record.exc_info else None
    while error is not None:
        if isinstance(error, HttpProcessingError):
            record.msg = f"{record.getMessage()}: {type(error).__name__}"
            record.args, record.exc_info, record.exc_text = None, None, None
            break
        error = error.__cause__ or error.__context__
    return True
