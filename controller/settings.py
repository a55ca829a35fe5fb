"""How the operator is told what to do: flags, each also an environment variable.

``load()`` gives the settings, or ends the process as command line tools do: ``--help`` and
``--version`` with 0, anything wrong with 2 and a message that names the flag and the mend.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from importlib import metadata
from typing import Any, Final, NoReturn

PROGRAM: Final = "echelon-controller"
_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")


def version() -> str:
    """The version of this program."""
    try:
        return metadata.version(PROGRAM)
    except metadata.PackageNotFoundError:
        return "0.0.0"


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen. An empty host is every interface; ``spare`` allows another port when this
    one is taken (a default nobody asked for must not stop a second operator)."""

    host: str
    port: int
    spare: bool = False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the flags say, in their order. Times are seconds."""

    namespaces: tuple[str, ...]
    metrics_address: Address
    health_address: Address
    log_format: str
    log_level: str
    lease_namespace: str
    lease_name: str
    lease_duration: float
    lease_renew_deadline: float
    lease_retry: float
    workers: int
    connections: int
    resync: float
    stuck: float
    gate_ca_file: str
    gate_allow_loopback: bool


@dataclass(frozen=True, slots=True)
class _Flag:
    """One setting: how it is spelled, read, explained."""

    name: str
    group: str
    metavar: str
    default: str
    read: Callable[[str], Any]
    help: str
    field: str = ""

    @property
    def variable(self) -> str:
        return "ECHELON_" + self.name.upper().replace("-", "_")

    @property
    def target(self) -> str:
        return self.field or self.name.replace("-", "_")


# -- reading a value: each raises ValueError with what would be right -----------------------


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


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.lower() not in choices:
            raise ValueError(f"{text!r} is not one of {', '.join(choices)}")
        return text.lower()

    return read


def _matching(pattern: re.Pattern[str], what: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(f"{text!r} is not {what}: lower case letters, digits and '-'")
        return text

    return read


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise ValueError(f"{text!r} is not a whole number from {low} to {high}")
        return int(text)

    return read


def _file(text: str) -> str:
    if text and not os.access(text, os.R_OK):
        raise ValueError(f"{text!r} cannot be read")
    return text


def _bool(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(f"{text!r} is not true or false")
    return text.lower() == "true"


def _seconds(low: float, high: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise ValueError(f"{text!r} is not a number of seconds from {low:g} to {high:g}")
        return value

    return read


_WHAT, _OUTPUT, _LEASE, _TUNING = "what to serve", "what to show", "who acts", "tuning"
_GATES: Final = "health gates"

_FLAGS: Final = (
    _Flag("namespace", _WHAT, "NAME", "", _namespaces,
          "serve only this namespace; may be given again (all)", "namespaces"),
    _Flag("metrics-address", _OUTPUT, "HOST:PORT", "127.0.0.1:9095", _address,
          "Prometheus metrics, /metrics"),
    _Flag("health-address", _OUTPUT, "HOST:PORT", "127.0.0.1:9096", _address,
          "probes, /healthz and /readyz"),
    _Flag("log-format", _OUTPUT, "FORMAT", "console", _one_of("console", "json"),
          "console or json"),
    _Flag("log-level", _OUTPUT, "LEVEL", "info", _one_of("debug", "info", "warning", "error"),
          "debug, info, warning or error"),
    _Flag("lease-namespace", _LEASE, "NAME", "kube-system",
          _matching(_LABEL, "a namespace's name"), "where the Lease lives"),
    _Flag("lease-name", _LEASE, "NAME", "echelon", _matching(_NAME, "an object's name"),
          "operators of one Lease stand by for each other; those of disjoint namespaces "
          "need one each"),
    _Flag("lease-duration-seconds", _LEASE, "S", "15", _seconds(2, 3600),
          "a Lease not renewed for so long is free", "lease_duration"),
    _Flag("lease-renew-deadline-seconds", _LEASE, "S", "10", _seconds(1, 3600),
          "its holder stops acting when it could not renew for so long", "lease_renew_deadline"),
    _Flag("lease-retry-seconds", _LEASE, "S", "2", _seconds(0.1, 600),
          "how often to renew, or to look whether it is free", "lease_retry"),
    _Flag("workers", _TUNING, "N", "32", _whole(1, 1000),
          "Jobs and Updates handled at the same time"),
    _Flag("connections", _TUNING, "N", "64", _whole(1, 1000),
          "requests about pods in flight (a quarter as many for all else)"),
    _Flag("resync-seconds", _TUNING, "S", "600", _seconds(10, 86400),
          "how often everything is read anew", "resync"),
    _Flag("stuck-seconds", _TUNING, "S", "120", _seconds(10, 86400),
          "/healthz fails when a key in work did not move for so long", "stuck"),
    _Flag("gate-ca-file", _GATES, "FILE", "", _file,
          "certificates (PEM) that gates trust besides the system's"),
    _Flag("gate-allow-loopback", _GATES, "BOOL", "false", _bool,
          "let gates ask 127.0.0.1 and ::1 though this is a pod: true or false"),
)  # fmt: skip

_EPILOG: Final = """\
Each flag is also an environment variable: --log-format is ECHELON_LOG_FORMAT. A flag wins over
its variable. ECHELON_NAMESPACE takes several namespaces, with commas between them.

The cluster is found as kubectl finds it: KUBECONFIG, ~/.kube/config, or the pod's own.
An address without a host, as in :8080, is all interfaces; port 0 picks a free one."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        message = message.replace("unrecognized arguments:", "no such flag:")
        print(f"{PROGRAM}: {message}\nTry {PROGRAM} --help.", file=sys.stderr)
        raise SystemExit(2)


def load(argv: Sequence[str], environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of a command line (without the program's name) and its environment."""
    parser = _parser()
    given = vars(parser.parse_args(argv))
    values: dict[str, Any] = {}
    for flag in _FLAGS:
        text, source = _text(flag, given[flag.target], environ)
        try:
            value = flag.read(text)
        except ValueError as error:
            parser.error(f"{source}: {error}")
        if source == "" and isinstance(value, Address):
            value = Address(value.host, value.port, spare=True)
        values[flag.target] = value
    settings = Settings(**{field.name: values[field.name] for field in fields(Settings)})
    if not settings.lease_duration > settings.lease_renew_deadline > settings.lease_retry:
        parser.error(
            "--lease-duration-seconds must be greater than --lease-renew-deadline-seconds, and "
            "that greater than --lease-retry-seconds; they are "
            f"{settings.lease_duration:g}, {settings.lease_renew_deadline:g} and "
            f"{settings.lease_retry:g}"
        )
    return settings


def _text(flag: _Flag, given: list[str] | None, environ: Mapping[str, str]) -> tuple[str, str]:
    """A setting's text and what it is called where it comes from ("" for the default)."""
    if given:
        # Only namespaces add up; of others the last counts, as everywhere.
        return (",".join(given) if flag.read is _namespaces else given[-1]), f"--{flag.name}"
    if environ.get(flag.variable):
        return environ[flag.variable], flag.variable
    return flag.default, ""


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=PROGRAM,
        usage=f"{PROGRAM} [flags]",
        description="Runs Echelon: every change of a Job becomes an Update that rolls out batch "
        "by batch, and undoes itself when an instance does not answer.",
        epilog=_EPILOG,
        formatter_class=lambda prog: _Help(prog, max_help_position=44, width=100),
        add_help=False,
        allow_abbrev=False,
    )
    titles = (_WHAT, _OUTPUT, _LEASE, _GATES, _TUNING)
    groups = {name: parser.add_argument_group(name) for name in titles}
    for flag in _FLAGS:
        default = f" ({flag.default})" if flag.default else ""
        groups[flag.group].add_argument(
            f"--{flag.name}",
            metavar=flag.metavar,
            dest=flag.target,
            action="append",
            help=flag.help + default,
        )
    rest = parser.add_argument_group("about")
    rest.add_argument("-h", "--help", action="help", help="show this and end")
    rest.add_argument("--version", action="version", version=f"{PROGRAM} {version()}",
                      help="show the version and end")  # fmt: skip
    return parser


class _Help(argparse.HelpFormatter):
    """Wraps the description, keeps the lines of the epilog."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if "\n" in text else super()._fill_text(text, width, indent)
