"""The answer of a gate, and how responses of HTTP servers, webhooks and Jobs become answers.

The verdict is Fail only if the response shows something bad. If there is no response, or it cannot
be read or is not enough, the verdict is Inconclusive and the message has the reason. The functions
here are pure and never raise.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

LONGEST_MESSAGE: Final = 256
LONGEST_VALUE: Final = 64


class Verdict(StrEnum):
    """The verdict of one answer."""

    PASS = "Pass"
    FAIL = "Fail"
    INCONCLUSIVE = "Inconclusive"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question. ``message`` and ``value`` are cut to one printable line of at
    most 256 and 64 characters; a status stores them as they are. ``waiting``: nothing is wrong, who
    was asked decides later."""

    verdict: Verdict
    message: str = ""
    value: str | None = None
    waiting: bool = field(default=False, compare=False)

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


def inconclusive(message: str, value: str | None = None, *, waiting: bool = False) -> Answer:
    return Answer(Verdict.INCONCLUSIVE, message, value, waiting)


def one_line(text: str, most: int) -> str:
    """``text`` without line breaks or control characters, shortened to ``most`` characters."""
    # A text may be a megabyte long: only its beginning is read. Four times, because white space is
    # dropped.
    shown = "".join(c if c.isprintable() else " " for c in text[: 4 * most])
    line = " ".join(shown.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def judge_http(statuses: Mapping[str, int | str], expect: tuple[int, ...]) -> Answer:
    """The answer of an http gate. ``statuses``: target -> its HTTP status, or why there is none.

    One wrong status fails the gate, even if other targets did not respond. Without targets (no
    instance is updated yet, or the Update only removes instances) the gate passes.
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


_VERDICTS: Final = {
    "Pass": Verdict.PASS,
    "Fail": Verdict.FAIL,
    "Wait": Verdict.INCONCLUSIVE,
}


def judge_webhook(status: int, body: bytes) -> Answer:
    """The answer of a webhook gate. ``status``: HTTP status of the response; ``body``: JSON such as
    ``{"verdict": "Pass", "message": ""}``."""
    if status != 200:
        return inconclusive(f"answered {status}, not 200")
    try:
        response = json.loads(body)
    except (ValueError, RecursionError):
        return inconclusive("the answer is not JSON")
    if not isinstance(response, dict):
        return inconclusive("the answer is not a JSON object")
    verdict = response.get("verdict")
    if not isinstance(verdict, str) or verdict not in _VERDICTS:
        given = f"is {one_line(json.dumps(verdict), 80)}" if "verdict" in response else "is missing"
        return inconclusive(f"verdict {given}; it must be Pass, Fail or Wait")
    message = response.get("message")
    words = message if isinstance(message, str) else ""
    return Answer(_VERDICTS[verdict], words, verdict, waiting=verdict == "Wait")


def judge_coordinator(status: int, body: bytes) -> Answer:
    """The answer of a coordinator (`spec.sla.coordinator`): Pass allows, Fail does not. ``status``:
    HTTP status of the response; ``body``: JSON such as ``{"allow": true, "message": ""}``. Whatever
    answers has decided; ``value`` is Allow, Deny, or Invalid if it is not such an answer."""
    if status != 200:
        return failed(f"answered {status}, not 200", "Invalid")
    try:
        response = json.loads(body)
    except (ValueError, RecursionError):
        return failed("the answer is not JSON", "Invalid")
    if not isinstance(response, dict):
        return failed("the answer is not a JSON object", "Invalid")
    allow, message = response.get("allow"), response.get("message")
    if not isinstance(allow, bool):
        given = f"is {one_line(json.dumps(allow), 80)}" if "allow" in response else "is missing"
        return failed(f"allow {given}; it must be true or false", "Invalid")
    words = message if isinstance(message, str) else ""
    return passed(words, "Allow") if allow else failed(words or "no", "Deny")


def judge_job(status: Mapping[str, Any] | None, tail: str) -> Answer:
    """The answer of a job gate. ``status``: of the batch/v1 Job, None if it has none yet; ``tail``:
    the last lines of its pod's log, "" if unknown. The Job's condition ``Complete`` passes,
    ``Failed`` fails; without them the Job still runs."""
    conditions = (status or {}).get("conditions")
    true = {
        condition["type"]: condition
        for condition in (conditions if isinstance(conditions, list) else ())
        if isinstance(condition, dict) and condition.get("status") == "True"
        if isinstance(condition.get("type"), str)
    }
    if "Complete" in true:
        return passed(value="Complete")
    if "Failed" not in true:
        return inconclusive("running", waiting=True)
    why = true["Failed"].get("reason") or true["Failed"].get("message") or ""
    message = f"the Job failed ({why})" if why else "the Job failed"
    lines = " | ".join(line.strip() for line in tail.splitlines() if line.strip())
    if lines:
        # The end of a log tells most about a failure.
        room = LONGEST_MESSAGE - len(message) - 2
        message += ": " + (lines if len(lines) <= room else "…" + lines[1 - room :])
    return failed(message, "Failed")
