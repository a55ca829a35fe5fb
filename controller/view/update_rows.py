"""Updates as rows of a list, and the words by which a list is filtered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from controller.api.progress import Phase
from controller.api.update import Update, generation_in
from controller.core.status.update import AWAITING, FAILED, PAUSED, SUCCEEDED
from controller.view.history import requester
from controller.view.updates import is_over, is_stalled, is_unseen, progress


@dataclass(frozen=True, slots=True)
class UpdateRow:
    """One Update. ``done`` of ``total`` instances have got where it goes (`updates.Progress`).
    ``source``: what its revision was built from, "" if nothing says so. Times are epoch seconds,
    ``started`` and ``finished`` None before they come."""

    namespace: str
    name: str
    job: str
    phase: Phase
    reason: str
    done: int
    total: int
    failed: int
    by: str
    message: str
    target: str
    stalled: bool
    created: float
    started: float | None
    finished: float | None
    source: str = ""


def update_row(update: Update, now: float) -> UpdateRow:
    """The row of an Update. ``now``: epoch seconds."""
    status, meta, come = update.status, update.metadata, progress(update, now)
    unseen = is_unseen(update, now)
    return UpdateRow(
        namespace=meta.namespace,
        name=meta.name,
        job=update.spec.job,
        phase=status.phase,
        reason="NotObserved" if unseen else status.reason,
        done=come.done,
        total=come.total,
        failed=come.failed,
        by=requester(update),
        message="no operator has looked at this Update yet" if unseen else status.message,
        target=target(update),
        stalled=is_stalled(update),
        created=meta.creation_timestamp or 0.0,
        started=status.started_at,
        finished=status.finished_at,
        source=(status.to.source if status.to else None) or "",
    )


def target(update: Update) -> str:
    """The revision that the Update goes to; "" while that is not fixed, and for a restart that
    leaves each instance at its own."""
    to = update.status.to
    return (to.revision if to else update.spec.revision) or ""


def order(update: Update) -> tuple[float, int, str]:
    """The key that sorts Updates by age. Generations tell those of the same second apart."""
    meta = update.metadata
    return meta.creation_timestamp or 0.0, generation_in(meta.name), meta.name


#: Words for groups of phases, as Aurora has them. An Update that is `Pending` counts as active.
STATUSES: Final[Mapping[str, Callable[[Update], bool]]] = {
    "all": lambda _: True,
    "active": lambda update: not is_over(update),
    "inactive": is_over,
    "paused": lambda update: update.status.phase in PAUSED,
    "blocked": lambda update: update.status.phase in AWAITING or is_blocked(update),
    "failed": lambda update: update.status.phase in FAILED,
    "succeeded": lambda update: update.status.phase in SUCCEEDED,
}


def is_blocked(update: Update) -> bool:
    """Whether an Update that has not ended needs something from outside before it can go on."""
    return not is_over(update) and is_stalled(update)


def known_statuses() -> list[str]:
    """All words that `has_status` knows."""
    return [*STATUSES, *(kebab(phase) for phase in Phase if kebab(phase) not in STATUSES)]


def has_status(words: Iterable[str]) -> Callable[[Update], bool]:
    """The filter for any of these words: those of `STATUSES`, and phases such as ``RolledBack`` or
    ``rolled-back``. Raises ``ValueError`` for another word."""
    tests = [_test(word) for word in words]
    return lambda update: any(test(update) for test in tests)


def _test(word: str) -> Callable[[Update], bool]:
    # `failed` is the group, `Failed` the phase.
    if word in STATUSES:
        return STATUSES[word]
    phase = phase_named(word)
    if phase is None:
        raise ValueError(f"{word!r} is no status of Updates")
    return lambda update: update.status.phase is phase


def kebab(phase: Phase) -> str:
    """``RolledBack`` as ``rolled-back``."""
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in phase).lstrip("-")


def phase_named(word: str) -> Phase | None:
    """The phase that a person means by ``RolledBack``, ``rolledback`` or ``rolled-back``."""
    plain = word.replace("-", "").lower()
    return next((phase for phase in Phase if phase.lower() == plain), None)
