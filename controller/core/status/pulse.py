"""Pulses: a coordinated update goes on only while somebody says that all is well (rule 11).

A pulse is an annotation with a time, so it survives a restart of the operator, and counts while the
update is paused too. Source: Aurora's `blockIfNoPulsesAfterMs`; here its end is known beforehand,
and noticed by a timer.
"""

from __future__ import annotations

from controller.api.labels import PULSED_AT
from controller.api.meta import parse_time, surely_past
from controller.api.update import Pulse, Update


def beats_until(update: Update, now: float) -> float | None:
    """The moment (epoch seconds) until which the last pulse holds; None: none is needed. 0: there
    is none that counts."""
    policy, status = update.status.policy, update.status
    if policy is None or policy.pulse_interval_seconds is None:
        return None
    pulsed = _pulsed_at(update, now)
    # One from before its start was meant for another update; stamps are whole seconds.
    started = status.started_at if status.started_at is not None else now
    if pulsed is None or int(pulsed) < int(started):
        return 0.0
    return surely_past(pulsed, policy.pulse_interval_seconds)


def missing(update: Update, now: float) -> bool:
    """Whether it has to wait for a pulse."""
    until = beats_until(update, now)
    return until is not None and until <= now


def unseen(update: Update, now: float) -> Pulse | None:
    """A pulse dated in the future, to be remembered with the moment at which it was seen: it must
    not hold longer than any other."""
    policy, known = update.status.policy, update.status.observed_pulse
    if policy is None or policy.pulse_interval_seconds is None:
        return None
    value = update.metadata.annotations.get(PULSED_AT, "")
    told = _read(value)
    if told is None or told <= now or (known is not None and known.value == value):
        return None
    return Pulse(value=value, time=float(int(now)))


def _pulsed_at(update: Update, now: float) -> float | None:
    value, known = update.metadata.annotations.get(PULSED_AT, ""), update.status.observed_pulse
    told = _read(value)
    if told is not None and known is not None and known.value == value:
        return min(told, known.time)
    return None if told is None else min(told, now)


def _read(value: str) -> float | None:
    """Epoch seconds; None for what is no time: no pulse."""
    try:
        return parse_time(value)
    except ValueError:
        return None
