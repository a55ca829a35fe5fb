"""``python -m hack.pins``: no release that the image is made of was withdrawn from its registry.

pip asks, as it does before an installation, and installs nothing. A release that was withdrawn
(yanked), or whose files are not those of the lock any more, is an error. Without a registry nothing
is checked, which is said and no error. What was checked is not asked again on the same day.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
LOCK: Final = ROOT / "hack" / "requirements.lock"
STAMP: Final = ROOT / ".venv" / ".pins"
#: Seconds for all questions.
PATIENCE: Final = 120

_YANKED: Final = re.compile(r"yanked version: '(?P<name>[^']+)' candidate \(version (?P<is>\S+)")
_REASON: Final = re.compile(r"Reason for being yanked: (.*)")
_OTHER_FILES: Final = "DO NOT MATCH THE HASHES"

#: Runs a command; its exit status and what it wrote to stderr.
Run = Callable[[list[str]], tuple[int, str]]


def problems(run: Run, lock: Path = LOCK) -> list[str] | None:
    """What is wrong with the releases of the lock. None if no registry answered."""
    status, said = run(
        [
            *(sys.executable, "-m", "pip", "install", "--dry-run", "--quiet"),
            *("--ignore-installed", "--no-deps", "--require-hashes", "--only-binary", ":all:"),
            *("--disable-pip-version-check", "--retries", "0", "--timeout", "10"),
            *("--requirement", str(lock)),
        ]
    )
    found = withdrawn(said)
    if _OTHER_FILES in said:
        found.append("the registry has other files than the lock: see pip's words\n" + said)
    return None if status and not found else found


def withdrawn(said: str) -> list[str]:
    """The releases that pip calls yanked, with the reasons."""
    reasons = _REASON.findall(said)
    return [
        f"{each['name']} {each['is']} was withdrawn: {reason.strip()}"
        for each, reason in zip(_YANKED.finditer(said), reasons, strict=False)
    ]


def _run(command: list[str]) -> tuple[int, str]:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return 1, ""
    return done.returncode, done.stderr


def main(run: Run = _run, stamp: Path = STAMP) -> int:
    """Print what is wrong. Returns 1 if anything is."""
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    today = f"{datetime.now(UTC):%Y-%m-%d} {digest}\n"
    if stamp.is_file() and stamp.read_text() == today:
        return 0
    found = problems(run)
    if found is None:
        print("  no package registry answered: pinned releases are not checked")
        return 0
    for problem in found:
        print(f"{LOCK.relative_to(ROOT)}: {problem}", file=sys.stderr)
    if not found and stamp.parent.is_dir():
        stamp.write_text(today)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
