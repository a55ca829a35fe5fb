"""The pauses that the operator makes after groups: neither left out nor ended before their time."""

from __future__ import annotations

import math

from controller.api.strategy import Pause
from controller.api.update import (
    BACKWARD,
    FORWARD,
    TERMINAL,
    BatchStatus,
    Phase,
    Update,
    UpdateStatus,
)
from controller.core.status.group_pause import AUTO_PAUSED


def judge(old: Update, new: Update, now: float) -> None:
    """Whether the write of an Update's status keeps to the pauses of its strategy. ``now``: when
    it was decided, in epoch seconds."""
    was, status = old.status, new.status
    paused = status.phase is not was.phase and status.reason == AUTO_PAUSED
    assert not (paused and status.phase in BACKWARD), "a rollback makes no pause"
    if status.phase in TERMINAL or was.batch is None or status.batch is None:
        return
    if was.phase not in FORWARD or status.phase not in FORWARD:
        return
    if paused:
        assert status.counts.pending, "a pause after the last group"
        assert wanted(status), f"nobody wants a pause after group {status.batch.index + 1}"
    if status.batch.index == was.batch.index:
        _kept(was, status, now)
    else:
        _followed(was, status.batch, now)


def wanted(status: UpdateStatus) -> Pause | bool:
    """The pause after the present group; True for one of `autoPause`."""
    policy, batch = status.policy, status.batch
    if policy is None or batch is None:
        return False
    number = batch.index + 1
    pause = next((p for p in policy.strategy.pauses if p.after == number), None)
    return pause or policy.strategy.auto_pause


def _kept(was: UpdateStatus, now: UpdateStatus, moment: float) -> None:
    """The group is the same: a token alone releases it, and the end of its pause stays."""
    old, new = was.batch, now.batch
    assert old is not None
    assert new is not None
    if new.released and not old.released:
        asked = was.observed_resume_token != now.observed_resume_token
        assert asked, "released without a token"
    assert new.released or not old.released, "released no more"
    if new.pause_ends_at == old.pause_ends_at:
        return
    pause, end = wanted(was), new.pause_ends_at
    assert isinstance(pause, Pause), f"an end of what? {pause}"
    assert pause.seconds is not None, "an end of a pause that waits for a token"
    assert end is not None, "the end is forgotten"
    assert end == math.ceil(moment + pause.seconds), f"{pause} ends at {end}, now is {moment}"
    # Only a clock that was set back changes it.
    assert old.pause_ends_at is None or old.pause_ends_at > end, f"{old}, then {new}"


def _followed(was: UpdateStatus, new: BatchStatus, moment: float) -> None:
    """Another group begins: the pause before it is over."""
    pause, old = wanted(was), was.batch
    assert old is not None
    if not pause or old.released or not old.instances:
        return
    if isinstance(pause, Pause) and pause.seconds is not None:
        end = old.pause_ends_at
        assert end is not None, f"{pause} is left out: {old}, then {new}"
        assert end <= moment, f"{pause} ends before its time: {old}, then {new}"
        return
    raise AssertionError(f"{old}, then {new}, and no token")


def stands(update: Update) -> bool:
    """Whether the operator's pause lasts until a token comes."""
    status = update.status
    timed = status.batch is not None and status.batch.pause_ends_at is not None
    return status.phase is Phase.ROLL_FORWARD_PAUSED and status.reason == AUTO_PAUSED and not timed
