"""Times and numbers as people read them."""

from __future__ import annotations

from typing import Final

_DAYS_PER_YEAR: Final = 365


def age(seconds: float) -> str:
    """A duration as kubectl prints ages: ``45s``, ``3m20s``, ``2h5m``, ``3d``, ``2y30d``."""
    whole = max(0, int(seconds))
    if whole < 120:
        return f"{whole}s"
    minutes, rest = divmod(whole, 60)
    if minutes < 10:
        return f"{minutes}m{rest}s" if rest else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    hours, minutes = divmod(minutes, 60)
    if hours < 8:
        return f"{hours}h{minutes}m" if minutes else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    days, hours = divmod(hours, 24)
    if days < 8:
        return f"{days}d{hours}h" if hours else f"{days}d"
    years, rest = divmod(days, _DAYS_PER_YEAR)
    if years < 2:
        return f"{days}d"
    if years < 8:
        return f"{years}y{rest}d" if rest else f"{years}y"
    return f"{years}y"


def since(then: float | None, now: float) -> str:
    """The age of a moment; "" if there is none."""
    return age(now - then) if then else ""


def plural(count: int, noun: str) -> str:
    """``1 instance``, ``2 instances``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def cut(text: str, length: int) -> str:
    """The text on one line and with at most ``length`` characters; ``…`` stands for what is left
    out."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1].rstrip()}…"


def ids(text: str, length: int = 60) -> str:
    """A range string that is not longer than ``length``; "none" for no ids."""
    return cut(text, length) or "none"


def percent(fraction: float) -> str:
    """``0.257`` as ``25%``: rounded down, so that 100% means all."""
    return f"{int(fraction * 100 + 1e-9)}%"
