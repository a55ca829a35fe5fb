"""What a gate answered, and how what the outside world said becomes an answer: pure, total.

Fail is said only of what was seen to be bad. A source that is silent, speaks nonsense, or has too
little to say is Inconclusive, with the reason as the message. Judging never raises.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

LONGEST_MESSAGE: Final = 256
LONGEST_VALUE: Final = 64


class Verdict(StrEnum):
    """What one ask of a gate says."""

    PASS = "Pass"
    FAIL = "Fail"
    INCONCLUSIVE = "Inconclusive"


@dataclass(frozen=True, slots=True)
class Answer:
    """One ask's outcome. ``message`` is one printable line of at most 256 characters, ``value`` at
    most 64: they go into a status as they are."""

    verdict: Verdict
    message: str = ""
    value: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", one_line(self.message, LONGEST_MESSAGE))
        if self.value is not None:
            object.__setattr__(self, "value", one_line(self.value, LONGEST_VALUE))

    @property
    def decides(self) -> bool:
        """Whether it is Pass or Fail."""
        return self.verdict is not Verdict.INCONCLUSIVE


def passed(message: str = "", value: str | None = None) -> Answer:
    return Answer(Verdict.PASS, message, value)


def failed(message: str, value: str | None = None) -> Answer:
    return Answer(Verdict.FAIL, message, value)


def inconclusive(message: str, value: str | None = None) -> Answer:
    return Answer(Verdict.INCONCLUSIVE, message, value)


def one_line(text: str, most: int) -> str:
    """``text`` without line breaks or control characters, shortened to ``most`` characters."""
    # Four times: what is cut away may be white space; without a bound a megabyte were looked at.
    shown = "".join(c if c.isprintable() else " " for c in text[: 4 * most])
    line = " ".join(shown.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def judge_http(statuses: Mapping[str, int | str], expect: tuple[int, ...]) -> Answer:
    """``statuses``: target -> the HTTP status it answered with, or in words why it did not.

    One wrong status fails, whoever else was out of reach. Nobody to ask (no instance is updated
    yet, or the update only removes some) passes.
    """
    if not statuses:
        return passed("no updated instance to ask")
    good = sum(status in expect for status in statuses.values())
    value = f"{good}/{len(statuses)}"
    if good == len(statuses):
        return passed(value=value)
    wanted = " or ".join(str(status) for status in expect)
    wrong = [(t, s) for t, s in statuses.items() if isinstance(s, int) and s not in expect]
    if wrong:
        target, status = wrong[0]
        return failed(f"{target} answered {status}, not {wanted}{_more(len(wrong))}", value)
    silent = [(t, s) for t, s in statuses.items() if isinstance(s, str)]
    target, words = silent[0]
    return inconclusive(f"{target}: {words}{_more(len(silent))}", value)


def _more(count: int) -> str:
    return f" (and {count - 1} more)" if count > 1 else ""


_SAID: Final = {
    "Pass": Verdict.PASS,
    "Fail": Verdict.FAIL,
    "Wait": Verdict.INCONCLUSIVE,
}


def judge_webhook(status: int, body: bytes) -> Answer:
    """``status``: of the answer; ``body``: JSON such as ``{"verdict": "Pass", "message": ""}``."""
    if status != 200:
        return inconclusive(f"answered {status}, not 200")
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return inconclusive("the answer is not JSON")
    if not isinstance(said, dict):
        return inconclusive("the answer is not a JSON object")
    verdict = said.get("verdict")
    if not isinstance(verdict, str) or verdict not in _SAID:
        given = f"is {json.dumps(verdict)[:80]}" if "verdict" in said else "is missing"
        return inconclusive(f"verdict {given}; it must be Pass, Fail or Wait")
    message = said.get("message")
    return Answer(_SAID[verdict], message if isinstance(message, str) else "", verdict)


def judge_job(status: Mapping[str, Any] | None, tail: str) -> Answer:
    """``status``: of the batch/v1 Job, None when it has none yet; ``tail``: the last lines that its
    pod logged, "" when unknown. ``Complete`` passes, ``Failed`` fails, all else still runs."""
    conditions = (status or {}).get("conditions")
    true = {
        condition.get("type"): condition
        for condition in (conditions if isinstance(conditions, list) else ())
        if isinstance(condition, dict) and condition.get("status") == "True"
    }
    if "Complete" in true:
        return passed(value="Complete")
    if "Failed" not in true:
        return inconclusive("running")
    why = true["Failed"].get("reason") or true["Failed"].get("message") or ""
    message = f"the Job failed ({why})" if why else "the Job failed"
    lines = " | ".join(line.strip() for line in tail.splitlines() if line.strip())
    if lines:
        # The end of a log says most.
        room = LONGEST_MESSAGE - len(message) - 2
        message += ": " + (lines if len(lines) <= room else "…" + lines[1 - room :])
    return failed(message, "Failed")
