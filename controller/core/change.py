"""What differs between two revisions, as far as it says how an instance can change (rule 16)."""

from __future__ import annotations

from enum import StrEnum


class Change(StrEnum):
    """What it takes to bring a pod from one revision to another."""

    IMAGES = "Images"
    RESOURCES = "Resources"
    REPLACE = "Replace"


def classify(old: bytes, new: bytes) -> Change:
    """What differs."""
    return Change.REPLACE if old != new else Change.REPLACE
