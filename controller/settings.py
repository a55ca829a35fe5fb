"""The settings of the operator: flags, each of which is also an environment variable.

``load()`` returns the settings, or ends the process as command line tools do: ``--help`` and
``--version`` with status 0, an error with status 2 and a message that names the flag and says what
would be right.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Annotated, Any, Final

from pydantic import model_validator
from pydantic.fields import FieldInfo

from controller.flags import Flags, Program, flag
from controller.setting_types import (
    Address,
    IntOrPercent,
    ListenAddress,
    NamespaceName,
    Namespaces,
    ObjectName,
    ReadableFile,
    TrueOrFalse,
    one_of,
    seconds,
    whole_number,
)

PROGRAM: Final = "echelon-controller"
_PREFIX: Final = "ECHELON_"


def version() -> str:
    """The version of this program."""
    try:
        return metadata.version(PROGRAM)
    except metadata.PackageNotFoundError:
        return "0.0.0"


_WHAT, _OUTPUT, _LEASE, _TUNING = "what to serve", "what to show", "who acts", "tuning"
_SAFETY: Final = "safety"
_GATES: Final = "health gates"


def _flag(name: str, group: str, metavar: str, default: object, help: str) -> Any:
    return flag(_PREFIX, name, group, metavar, default, help)


class Settings(Flags):
    """The values of all flags and variables. Times are seconds."""

    # fmt: off
    namespaces: Namespaces = _flag(
        "namespace", _WHAT, "NAME", (),
        "serve only this namespace; may be given again (all)")
    maintenance: TrueOrFalse = _flag(
        "maintenance", _WHAT, "BOOL", False,
        "serve Maintenances, too, which cordon nodes and move what runs there: true or false")
    maintenance_evict_others: TrueOrFalse = _flag(
        "maintenance-evict-others", _WHAT, "BOOL", False,
        "obey otherPods: Evict of Maintenances: evict pods that belong to no Job: true or false")
    metrics_address: ListenAddress = _flag(
        "metrics-address", _OUTPUT, "HOST:PORT", Address("127.0.0.1", 9095, spare=True),
        "Prometheus metrics, /metrics")
    job_metrics: Annotated[int, whole_number(0, 100_000)] = _flag(
        "job-metrics", _OUTPUT, "N", 1000,
        "Jobs with metrics of their own; of the others only what needs attention; 0: no names")
    health_address: ListenAddress = _flag(
        "health-address", _OUTPUT, "HOST:PORT", Address("127.0.0.1", 9096, spare=True),
        "probes, /healthz and /readyz")
    log_format: Annotated[str, one_of("console", "json")] = _flag(
        "log-format", _OUTPUT, "FORMAT", "console", "console or json")
    log_level: Annotated[str, one_of("debug", "info", "warning", "error")] = _flag(
        "log-level", _OUTPUT, "LEVEL", "info", "debug, info, warning or error")
    lease_namespace: NamespaceName = _flag(
        "lease-namespace", _LEASE, "NAME", "kube-system", "where the Lease lives")
    lease_name: ObjectName = _flag(
        "lease-name", _LEASE, "NAME", "echelon",
        "operators of one Lease stand by for each other; those of disjoint namespaces "
        "need one each")
    shards: Annotated[int, whole_number(1, 64)] = _flag(
        "shards", _LEASE, "N", 1,
        "cut the Jobs into N parts, each with a Lease, which the operators of one Lease share")
    lease_duration: Annotated[float, seconds(2, 3600)] = _flag(
        "lease-duration-seconds", _LEASE, "S", 15.0, "a Lease not renewed for so long is free")
    lease_renew_deadline: Annotated[float, seconds(1, 3600)] = _flag(
        "lease-renew-deadline-seconds", _LEASE, "S", 10.0,
        "its holder stops acting when it could not renew for so long")
    lease_retry: Annotated[float, seconds(0.1, 600)] = _flag(
        "lease-retry-seconds", _LEASE, "S", 2.0,
        "how often to renew; others look four times as often whether it is free")
    max_voluntary_disruption: IntOrPercent = _flag(
        "max-voluntary-disruption", _SAFETY, "N|N%", "30%",
        "running pods deleted within a minute without an Update, a scale or a move, of all "
        "instances; a Job that wants more stops until a person releases it")
    workers: Annotated[int, whole_number(1, 1000)] = _flag(
        "workers", _TUNING, "N", 32, "Jobs and Updates handled at the same time")
    connections: Annotated[int, whole_number(1, 1000)] = _flag(
        "connections", _TUNING, "N", 64,
        "requests about pods in flight (a quarter as many for all else)")
    resync: Annotated[float, seconds(10, 86400)] = _flag(
        "resync-seconds", _TUNING, "S", 600.0, "how often everything is read anew")
    report: Annotated[float, seconds(0.1, 60)] = _flag(
        "report-seconds", _TUNING, "S", 1.0,
        "how often the progress of one Job or Update is written, at most")
    stuck: Annotated[float, seconds(10, 86400)] = _flag(
        "stuck-seconds", _TUNING, "S", 120.0,
        "/healthz fails when a key in work did not move for so long")
    gate_ca_file: ReadableFile = _flag(
        "gate-ca-file", _GATES, "FILE", "",
        "certificates (PEM) that gates trust besides the system's")
    gate_allow_loopback: TrueOrFalse = _flag(
        "gate-allow-loopback", _GATES, "BOOL", False,
        "let gates ask 127.0.0.1 and ::1 though this is a pod: true or false")
    # fmt: on

    @model_validator(mode="after")
    def _is_held(self) -> Settings:
        """Check that the times fit: a holder renews in time, and stops before the Lease is free."""
        if not self.lease_duration > self.lease_renew_deadline > self.lease_retry:
            raise ValueError(
                "--lease-duration-seconds must be greater than --lease-renew-deadline-seconds, "
                "and that greater than --lease-retry-seconds; they are "
                f"{self.lease_duration:g}, {self.lease_renew_deadline:g} and {self.lease_retry:g}"
            )
        return self


_EPILOG: Final = """\
Each flag is also an environment variable: --log-format is ECHELON_LOG_FORMAT. A flag wins over
its variable. ECHELON_NAMESPACE takes several namespaces, with commas between them.

The cluster is found as kubectl finds it: KUBECONFIG, ~/.kube/config, or the pod's own.
An address without a host, as in :8080, is all interfaces; port 0 picks a free one."""


_CONTROLLER: Final = Program(
    name=PROGRAM,
    settings=Settings,
    groups=(_WHAT, _OUTPUT, _LEASE, _SAFETY, _GATES, _TUNING),
    description="Runs Echelon: every change of a Job becomes an Update that rolls out batch "
    "by batch, and undoes itself when an instance does not answer.",
    epilog=_EPILOG,
    version=version(),
)


def flags() -> dict[str, FieldInfo]:
    """Every setting by its flag, as ``--log-format``."""
    return _CONTROLLER.flags()


def load(argv: Sequence[str], environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of a command line (without the program's name) and its environment."""
    return _CONTROLLER.load(argv, environ)
