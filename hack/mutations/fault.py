"""One planted fault, as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """``old``: code that occurs exactly once in ``file``; ``new`` replaces it.

    ``breaks``: what goes wrong then, in one sentence. ``tests``: files or node ids of pytest of
    which at least one must fail. They are few, so that a fault takes seconds. All paths start at
    the root of the repository.
    """

    file: str
    old: str
    new: str
    breaks: str
    tests: tuple[str, ...]

    def planted(self, text: str) -> str:
        """``text``, the content of the file, with the fault in it. Raises ``ValueError`` if ``old``
        does not occur exactly once."""
        if (count := text.count(self.old)) != 1:
            found = f"{count} times" if count else "nowhere"
            raise ValueError(
                f"{self.file}: {self.old!r} occurs {found}, not once; "
                "correct the fault in hack/mutations/faults"
            )
        return text.replace(self.old, self.new)
