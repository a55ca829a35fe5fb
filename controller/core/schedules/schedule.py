"""When the runs of a schedule are due: the same moments as Kubernetes computes for a CronJob.

A run is due when a clock on the wall of the schedule's time zone shows a time that its fields name.
So a time that the clock skips when daylight saving begins has no run that day, and a time that it
shows twice when daylight saving ends has two. Libraries for Python know other rules for both days,
so this is the search of github.com/robfig/cron/v3, which Kubernetes uses, step by step: where a
zone changes its clock by half an hour, or at midnight, that search misses a time, and so does this.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from controller.core.schedules.fields import Fields

#: Years after which the search ends: such a time does not come (30 February).
_YEARS: Final = 5
_EVERY: Final = "@every "
_DURATION: Final = re.compile(r"(?:[0-9]{1,9}(?:\.[0-9]{1,9})?(?:h|ms|m|s|us|ns))+")
_PART: Final = re.compile(r"([0-9.]+)(h|ms|m|s|us|ns)")
_UNITS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


@dataclass(frozen=True, slots=True)
class Schedule:
    """``fields``: what the clock of ``zone`` has to show; None: every ``interval`` seconds."""

    fields: Fields | None
    zone: tzinfo
    interval: float = 0.0

    def after(self, moment: float) -> float | None:
        """The next time after ``moment``, both in epoch seconds. Returns None if there is none in
        the next five years."""
        if self.fields is None:
            return moment // 1 + self.interval
        return _next(self.fields, self.zone, moment)

    def upcoming(self, moment: float) -> Iterator[float]:
        """All times after ``moment``, in epoch seconds."""
        while (found := self.after(moment)) is not None:
            yield found
            moment = found


@lru_cache(maxsize=4096)
def parsed(text: str, zone: str | None) -> Schedule:
    """The schedule of a Job. ``zone``: its time zone, None for UTC, which is what Kubernetes'
    controllers usually have. Raises ``ValueError``."""
    place: tzinfo = UTC
    if zone:
        try:
            place = ZoneInfo(zone)
        except (OSError, ValueError, LookupError) as error:
            raise ValueError(f"the time zone {zone!r} is not known here") from error
    if text.startswith(_EVERY):
        return Schedule(None, place, max(1.0, _seconds(text.removeprefix(_EVERY)) // 1))
    return Schedule(Fields.of(text), place)


def _seconds(duration: str) -> float:
    if not _DURATION.fullmatch(duration):
        raise ValueError(f"{duration!r} is not a duration such as 1h30m")
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(duration))


def _next(fields: Fields, zone: tzinfo, moment: float) -> float | None:
    """The first time after ``moment``; None if there is none in the next five years."""
    at = int(moment // 1) + 1
    search = _Search(fields, zone, at, _wall(at, zone).year + _YEARS)
    while search.year <= search.last_year:
        if search.month() and search.day() and search.hour() and search.minute():
            return float(search.at)
    return None


@dataclass(slots=True)
class _Search:
    """``at``: the candidate, in epoch seconds. Each step moves it on until its field matches, and
    returns False if it came to the next year, month, day or hour: then the search begins anew."""

    fields: Fields
    zone: tzinfo
    at: int
    last_year: int
    #: Whether the candidate has been moved: the parts below the one that moved it are 0 then.
    moved: bool = False

    @property
    def wall(self) -> datetime:
        return _wall(self.at, self.zone)

    @property
    def year(self) -> int:
        return self.wall.year

    def month(self) -> bool:
        while (wall := self.wall).month not in self.fields.months:
            if not self.moved:
                self.moved, self.at = True, _at(datetime(wall.year, wall.month, 1), self.zone)
                wall = self.wall
            following = datetime(wall.year + wall.month // 12, wall.month % 12 + 1, 1)
            time_of_day = wall.replace(tzinfo=None) - datetime(wall.year, wall.month, wall.day)
            self.at = _at(following + timedelta(days=wall.day - 1) + time_of_day, self.zone)
            if self.wall.month == 1:
                return False
        return True

    def day(self) -> bool:
        while not _matches(self.fields, (wall := self.wall)):
            if not self.moved:
                midnight = datetime(wall.year, wall.month, wall.day)
                self.moved, self.at = True, _at(midnight, self.zone)
                wall = self.wall
            self.at = _at(wall.replace(tzinfo=None, fold=0) + timedelta(days=1), self.zone)
            if hour := self.wall.hour:
                # The day has no midnight.
                self.at += (24 - hour if hour > 12 else -hour) * 3600
            if self.wall.day == 1:
                return False
        return True

    def hour(self) -> bool:
        while (wall := self.wall).hour not in self.fields.hours:
            if not self.moved:
                hour = datetime(wall.year, wall.month, wall.day, wall.hour)
                self.moved, self.at = True, _at(hour, self.zone)
            self.at += 3600
            if self.wall.hour == 0:
                return False
        return True

    def minute(self) -> bool:
        if (wall := self.wall).second:
            # Unlike the library this needs no search for the second: it is always 0.
            self.moved, self.at = True, self.at + 60 - wall.second
            if self.wall.minute == 0:
                return False
        while self.wall.minute not in self.fields.minutes:
            self.moved, self.at = True, self.at // 60 * 60 + 60
            if self.wall.minute == 0:
                return False
        return True


def _wall(at: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at, zone)


def _offset(at: int, zone: tzinfo) -> int:
    """Seconds by which the clock is ahead of UTC."""
    ahead = _wall(at, zone).utcoffset()
    return int(ahead.total_seconds()) if ahead else 0


def _at(shown: datetime, zone: tzinfo) -> int:
    """The moment at which the clock shows this time; which one, if there are two, and what instead,
    if there is none, is that of Go's `time.Date`."""
    as_utc = int(shown.replace(tzinfo=UTC).timestamp())
    ahead = _offset(as_utc, zone)
    return as_utc - _offset(as_utc - ahead, zone) if ahead else as_utc


def _matches(fields: Fields, day: date) -> bool:
    of_month, of_week = day.day in fields.days, day.isoweekday() % 7 in fields.weekdays
    return of_month or of_week if fields.either_day else of_month and of_week
