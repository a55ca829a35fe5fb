from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from controller import logs


@pytest.fixture(autouse=True)
def _root() -> Iterator[None]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)


def test_console() -> None:
    out = io.StringIO()
    logs.setup("console", "info", out)
    log = logging.getLogger("x")
    log.info("rolled %d", 3, extra={"job": "ns/web", "instance": 0})
    log.debug("not shown")
    line = out.getvalue().rstrip("\n")
    assert line.endswith("INFO    rolled 3  job=ns/web instance=0")
    assert "\033" not in line


def test_json() -> None:
    out = io.StringIO()
    logs.setup("json", "debug", out)
    try:
        raise ValueError("boom")
    except ValueError:
        logging.getLogger("x").exception("failed", extra={"update": "ns/web-g2"})
    entry = json.loads(out.getvalue())
    assert entry["level"] == "error"
    assert entry["message"] == "failed"
    assert entry["logger"] == "x"
    assert entry["update"] == "ns/web-g2"
    assert entry["time"].endswith("Z")
    assert "ValueError: boom" in entry["exception"]


def test_colour_for_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    out = Terminal()
    logs.setup("console", "info", out)
    logging.getLogger("x").warning("careful")
    assert "\033[33m" in out.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    out = Terminal()
    logs.setup("console", "info", out)
    logging.getLogger("x").warning("careful")
    assert "\033" not in out.getvalue()


def test_what_kopf_says_of_each_object_is_not_news() -> None:
    out = io.StringIO()
    logs.setup("console", "info", out)
    logging.getLogger("kopf.objects").info("Handler 'x' succeeded.")
    logging.getLogger("kopf._core.reactor.running").warning(
        "OS signals are ignored: running not in the main thread."
    )
    logging.getLogger("kopf._core.reactor.orchestration").error(
        "Multidimensional multitasker has failed: it broke", exc_info=ValueError("it broke")
    )
    assert out.getvalue() == ""
    logging.getLogger("kopf._core.reactor.running").warning("something else")
    assert "something else" in out.getvalue()
