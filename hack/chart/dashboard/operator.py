"""The rows about the operator: who leads, its work, its requests, its watches, what it uses."""

from __future__ import annotations

from typing import Final

from hack.chart.dashboard.panels import Row, bands, lines
from hack.chart.dashboard.updates import quantile

_RATE: Final = "$__rate_interval"
#: The processes of the operator, among all that are scraped.
_OURS: Final = "and on (job, instance) echelon_build_info"
_SECONDS: Final = "echelon_reconcile_seconds"


def _rate(metric: str, *by: str, where: str = "") -> str:
    labels = ", ".join(by)
    return f"sum by ({labels}) (rate({metric}{where}[{_RATE}]))"


ROWS: Final[tuple[Row, ...]] = (
    (
        "Operator",
        (
            bands(
                "Leader",
                "Which process works on all Jobs, or on those of each shard. Each shard must have "
                "exactly one.",
                "{{instance}} {{shard}}",
                "max by (instance, shard) (echelon_leader)",
            ),
            bands(
                "Ready",
                "Whether /readyz of each process passes: its caches are filled, and the CRDs have "
                "the fields that it writes.",
                "{{instance}}",
                "max by (instance) (echelon_ready)",
            ),
            lines(
                "Reconciles by result",
                "cps",
                "Reconciles per second. error: tried again with a back-off; lost: the Lease was "
                "lost or renewed late; terminating: the namespace is being deleted.",
                {"{{result}}": _rate(f"{_SECONDS}_count", "result")},
                stacked=True,
            ),
            lines(
                "Time of reconciles",
                "s",
                "How long a reconcile took, its writes included.",
                {
                    "median": quantile("0.5", _SECONDS, _RATE),
                    "99 %": quantile("0.99", _SECONDS, _RATE),
                },
            ),
            lines(
                "Queue",
                "short",
                "Jobs that wait for a worker. It should return to 0.",
                {"{{instance}}": "max by (instance) (echelon_queue_depth)"},
            ),
            lines(
                "Oldest Job in the queue",
                "s",
                "How long the oldest Job has been waiting or in work.",
                {"{{instance}}": "max by (instance) (echelon_queue_oldest_seconds)"},
            ),
        ),
    ),
    (
        "API server, as the operator sees it",
        (
            lines(
                "Requests",
                "reqps",
                "Requests per second, by verb and resource.",
                {"{{verb}} {{resource}}": _rate("echelon_api_requests_total", "verb", "resource")},
                stacked=True,
            ),
            lines(
                "Requests that failed",
                "reqps",
                "Requests per second with an error, by code; 0: no answer. 404 and 409 belong to "
                "the normal work.",
                {
                    "{{code}} {{verb}} {{resource}}": _rate(
                        "echelon_api_requests_total",
                        "code",
                        "verb",
                        "resource",
                        where='{code!~"1..|2..|3.."}',
                    )
                },
                stacked=True,
            ),
            lines(
                "Time of requests",
                "s",
                "99 of 100 requests took no longer, watches aside.",
                {
                    "{{verb}} {{resource}}": quantile(
                        "0.99", "echelon_api_request_seconds", _RATE, "verb", "resource"
                    )
                },
            ),
            lines(
                "Silence of watches",
                "s",
                "Since when each watch has heard nothing. The API server sends a bookmark about "
                "once a minute.",
                {
                    "{{instance}} {{resource}}": "max by (instance, resource) "
                    "(echelon_informer_silence_seconds)"
                },
            ),
            lines(
                "Backlog of watches",
                "s",
                "How long each watch has been working through a backlog of events.",
                {
                    "{{instance}} {{resource}}": "max by (instance, resource) "
                    "(echelon_informer_lag_seconds)"
                },
            ),
            lines(
                "Deletions that nothing explains",
                "short",
                "Running pods that the operator wanted to delete in the last minute without an "
                "Update, a scale or a move, and how many are allowed.",
                {"{{number}}": "max by (number) (echelon_voluntary_disruptions)"},
            ),
        ),
    ),
    (
        "Resources",
        (
            lines(
                "Memory",
                "bytes",
                "Resident memory of each process.",
                {"{{instance}}": f"process_resident_memory_bytes {_OURS}"},
            ),
            lines(
                "CPU",
                "short",
                "Cores that each process uses. Its main loop can use one.",
                {"{{instance}}": f"rate(process_cpu_seconds_total[{_RATE}]) {_OURS}"},
            ),
        ),
    ),
)
