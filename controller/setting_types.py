"""The types of the values of flags and variables, which are read from text.

A reader raises ``ValueError`` with a message that says what would be right.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import BeforeValidator

_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Address:
    """An address to listen on. An empty host means all interfaces. ``spare`` allows another port if
    this one is in use, because a default port must not prevent a second operator on one machine."""

    host: str
    port: int
    spare: bool = False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


#: More instances than a cluster has.
MOST_INSTANCES: Final = 999_999


def _namespaces(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for name in names:
        if not _LABEL.fullmatch(name):
            raise ValueError(f"{name!r} is not a namespace's name")
    return names


def _address(text: str) -> Address:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(
            f"{text!r} is not host:port; say for example 127.0.0.1:8080, :8080 for all "
            "interfaces, or port 0 for a free one"
        )
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        raise ValueError(f"{text!r}: put an IPv6 address in brackets, as in [::1]:8080")
    return Address(host.strip("[]"), int(port))


def one_of(*choices: str) -> BeforeValidator:
    """Reads one of these words, in upper or lower case, as lower case."""

    def read(text: str) -> str:
        if text.lower() not in choices:
            raise ValueError(f"{text!r} is not one of {', '.join(choices)}")
        return text.lower()

    return BeforeValidator(read)


def _matching(pattern: re.Pattern[str], what: str) -> BeforeValidator:
    def read(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(f"{text!r} is not {what}: lower case letters, digits and '-'")
        return text

    return BeforeValidator(read)


def whole_number(low: int, high: int) -> BeforeValidator:
    """Reads a whole number from ``low`` to ``high``, both included."""

    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise ValueError(f"{text!r} is not a whole number from {low} to {high}")
        return int(text)

    return BeforeValidator(read)


def _int_or_percent(text: str) -> int | str:
    number = text.removesuffix("%")
    most = 100 if number != text else MOST_INSTANCES
    if not number.isascii() or not number.isdigit() or int(number) > most:
        raise ValueError(
            f"{text!r} is neither a whole number from 0 to {MOST_INSTANCES} nor a percentage from "
            "0% to 100%, such as 30%"
        )
    return int(text) if number == text else f"{int(number)}%"


def _file(text: str) -> str:
    if text and not os.access(text, os.R_OK):
        raise ValueError(f"{text!r} cannot be read")
    return text


def _bool(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(f"{text!r} is not true or false")
    return text.lower() == "true"


def seconds(low: float, high: float) -> BeforeValidator:
    """Reads seconds from ``low`` to ``high``, both included; fractions are allowed."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise ValueError(f"{text!r} is not a number of seconds from {low:g} to {high:g}")
        return value

    return BeforeValidator(read)


Namespaces = Annotated[tuple[str, ...], BeforeValidator(_namespaces)]
ListenAddress = Annotated[Address, BeforeValidator(_address)]
NamespaceName = Annotated[str, _matching(_LABEL, "a namespace's name")]
ObjectName = Annotated[str, _matching(_NAME, "an object's name")]
#: A path; "" if no file is given.
ReadableFile = Annotated[str, BeforeValidator(_file)]
TrueOrFalse = Annotated[bool, BeforeValidator(_bool)]
#: A number of instances, or a percentage such as ``30%``.
IntOrPercent = Annotated[int | str, BeforeValidator(_int_or_percent)]
