"""Pulses: a coordinated update continues only while a coordinator renews its pulse (rule 11).

A pulse is an annotation with a time, so it survives a restart of the operator, and it also counts
while the Update is paused. Source: Aurora's `blockIfNoPulsesAfterMs`. Here the end of a pulse is
known beforehand, so a timer notices it.
"""

from __future__ import annotations

from controller.api.labels import PULSED_AT
from controller.api.meta import parse_time, surely_past
from controller.api.update import Pulse, Update


def beats_until(update: Update, now: float) -> float | None:
    """The moment (epoch seconds) until which the last pulse holds; 0 if there is no valid pulse.
    Returns None if the Update needs no pulses."""
    policy, status = update.status.policy, update.status
    if policy is None or policy.pulse_interval_seconds is None:
        return None
    pulsed = _pulsed_at(update, now)
    # A pulse from before the start was meant for another Update; stamps are whole seconds.
    started = status.started_at if status.started_at is not None else now
    if pulsed is None or int(pulsed) < int(started):
        return 0.0
    return surely_past(pulsed, policy.pulse_interval_seconds)


def missing(update: Update, now: float) -> bool:
    """Whether the Update has to wait for a pulse."""
    until = beats_until(update, now)
    return until is not None and until <= now


def unseen(update: Update, now: float) -> Pulse | None:
    """A pulse dated in the future, with the present moment, which counts in its place: it must not
    hold longer than any other pulse. Returns None if there is no new one."""
    policy, known = update.status.policy, update.status.observed_pulse
    if policy is None or policy.pulse_interval_seconds is None:
        return None
    value = update.metadata.annotations.get(PULSED_AT, "")
    dated = _read(value)
    if dated is None or dated <= now or (known is not None and known.value == value):
        return None
    return Pulse(value=value, time=float(int(now)))


def _pulsed_at(update: Update, now: float) -> float | None:
    value, known = update.metadata.annotations.get(PULSED_AT, ""), update.status.observed_pulse
    dated = _read(value)
    if dated is not None and known is not None and known.value == value:
        return min(dated, known.time)
    return None if dated is None else min(dated, now)


def _read(value: str) -> float | None:
    """Epoch seconds. Returns None if ``value`` is not a time: it is no pulse then."""
    try:
        return parse_time(value)
    except ValueError:
        return None
