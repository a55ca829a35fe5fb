"""``python -m hack.schedules`` writes tests/unit/core/schedules/kubernetes.json: when schedules are
due by the library that Kubernetes uses.

The questions are here: schedules of all forms, and for each zone the days around its changes of the
clock. The answers are those of `hack/devcluster/cmd/schedules`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any, Final

from hack.devcluster.build import GO_FLAGS, HERE
from hack.generated import ROOT

FILE: Final = ROOT / "tests" / "unit" / "core" / "schedules" / "kubernetes.json"
COUNT: Final = 6

SCHEDULES: Final = (
    "* * * * *", "*/5 * * * *", "0 * * * *", "30 2 * * *", "0 2 * * *", "0 3 * * *", "30 1 * * *",
    "0 0 * * *", "30 0 * * *", "59 23 * * *", "15 */6 * * *", "0 9-17/2 * * MON-FRI", "@hourly",
    "@daily", "@weekly", "@monthly", "@yearly", "0 0 1 * *", "0 0 31 * *", "0 0 29 2 *",
    "0 12 13 * FRI", "0 12 */2 * 1", "0 12 ? * 0", "5/20 4 * jan,jul sun", "@every 1h30m",
    "@every 90s", "0 1,2,3 * * *", "*/30 1-3 * * *",
)  # fmt: skip
#: A zone, and moments before changes of its clock.
ZONES: Final = {
    "UTC": ("2026-03-01T00:00", "2027-12-31T23:59"),
    "Europe/Berlin": (
        "2026-03-28T12:00",
        "2026-03-29T00:30",
        "2026-10-24T12:00",
        "2026-10-25T00:30",
    ),
    "America/New_York": ("2026-03-08T05:30", "2026-11-01T04:30"),
    "Australia/Lord_Howe": ("2026-04-04T12:00", "2026-10-03T12:00"),
    "Asia/Kolkata": ("2026-06-01T10:17",),
    "America/Santiago": ("2026-04-04T20:00", "2026-09-05T20:00"),
}
INVALID: Final = (
    "", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *",
    "* * * * 7", "5-1 * * * *", "*/0 * * * *", "a * * * *", "1-2-3 * * * *", "1/2/3 * * * *",
    "@never", "@every", "@every x", "-1 * * * *", "1.5 * * * *", "* * * * mon-",
)  # fmt: skip


def questions() -> list[dict[str, Any]]:
    """What the library is asked."""
    asked = [
        {"schedule": schedule, "zone": zone, "after": _epoch(moment), "count": COUNT}
        for zone, moments in ZONES.items()
        for moment in moments
        for schedule in SCHEDULES
    ]
    return asked + [{"schedule": s, "zone": "UTC", "after": 0, "count": 1} for s in INVALID]


def _epoch(moment: str) -> int:
    return int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp())


def main() -> int:
    """Write the file."""
    asked = questions()
    done = subprocess.run(
        ["go", "run", *GO_FLAGS, "./cmd/schedules"],
        cwd=HERE,
        env=os.environ | {"CGO_ENABLED": "0"},
        input="\n".join(map(json.dumps, asked)),
        capture_output=True,
        text=True,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    lines = [
        json.dumps([q["schedule"], q["zone"], q["after"], found])
        for q, found in zip(asked, answers, strict=True)
    ]
    FILE.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
