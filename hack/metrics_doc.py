"""``python -m hack.metrics_doc`` writes docs/metrics.md from the operator's metrics.

It asks a real registry, in which everything happened once, so that each metric shows its labels.
``--check`` only compares: it exits with 0 if the file is up to date, with 1 if it is stale.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Metric

from controller.api.progress import Phase
from controller.job_metrics import ActiveUpdate, JobNumbers
from controller.maintenance_metrics import MaintenanceNumbers
from controller.metrics import Metrics
from controller.reconcile.runs.gauges import STATES
from controller.run_metrics import RunCollector
from hack.generated import written

FILE: Final = Path(__file__).resolve().parent.parent / "docs" / "metrics.md"
_NOTICE: Final = (
    "<!-- Generated from controller/metrics.py and job_metrics.py by `make metrics-doc`. "
    "Do not edit. -->"
)
_INTRO: Final = """\
# Metrics

The operator serves its metrics at `/metrics` (`--metrics-address`, by default `127.0.0.1:9095`; in the chart port 9095 of each pod, with a Service and, with `metrics.serviceMonitor.enabled`, a ServiceMonitor). The web page has metrics of its own ([page.md](page.md)). [alerts.md](alerts.md) describes the alerts that the chart makes of them; its Grafana dashboard is `charts/echelon/files/dashboard.json`.

All replicas count all Jobs (`echelon_jobs`, `echelon_updates`, `echelon_instances`): take the `max` of them, not the `sum`. `echelon_leader` has the label `shard`, and `echelon_replicas` exists, only with several shards. A metric of a single Job comes from the replica that works on the Job.

The metrics of Maintenances exist only in operators that run with `--maintenance`; each of them counts all Maintenances, whether it works on them or stands by: take the `max` again.

The labels of a Job are `job_namespace` and `job_name`, because Prometheus itself gives each series `namespace` and `job`. At most `--job-metrics` Jobs (1000) have metrics of their own; conditions that need attention, active Updates, and runs that failed or did not start are told of each Job. When a Job is deleted, its series end with the next scrape.

What Aurora exported of a job's SLA: its job uptime is `echelon_job_uptime_seconds` (here the instances that are not available count, too), its median times to assigned and running are the means of `echelon_job_time_to_assigned_seconds` and `echelon_job_time_to_good_seconds` (`rate(…_sum[1h]) / rate(…_count[1h])`), and its platform uptime is the row SLA of the dashboard. These are sums and counts, not histograms: a histogram would be a dozen series per Job.
"""  # noqa: E501
_GROUPS: Final = (
    ("Single Jobs", ("echelon_job_",)),
    ("All Jobs", ("echelon_jobs", "echelon_updates", "echelon_instances", "echelon_update_")),
    ("Maintenances", ("echelon_maintenance",)),
    ("Gates", ("echelon_gate_",)),
    ("The operator", ("echelon_",)),
    ("The process", ("process_",)),
)


def example() -> Metrics:
    """Metrics of an operator to which everything happened once."""
    metrics = Metrics(CollectorRegistry(), version="0.1.0")
    metrics.reconciled("EchelonJob", "success", 0.01)
    metrics.requested("get", "pods", 200, 0.01)
    metrics.asked("http", "Pass", 0.01, 0.0)
    metrics.consulted("Allow", 0.01, 0.0)
    metrics.update_ended(Phase.ROLLED_FORWARD, 60.0)
    metrics.registry.register(RunCollector(lambda: dict.fromkeys(STATES, 0.0)))
    state = metrics.state
    state.leader = lambda: {"0": 1.0, "1": 0.0}
    state.replicas = lambda: 2.0
    state.jobs = lambda: {"Ready": 1.0}
    state.updates = lambda: {"RolledForward": 1.0}
    state.instances = lambda: {"available": 3.0}
    state.disruptions = lambda: {"asked": 0.0, "limit": 1.0}
    state.informer_lag_seconds = state.informer_silence_seconds = lambda: {"pods": 0.0}
    state.crd_differences = lambda: {"lost": 0.0}
    state.maintenances = lambda: MaintenanceNumbers(
        {"Active": 1.0}, {"PodBlocked": 1.0}, {"Draining": 1.0}, {"rack-7": 60.0}
    )
    job = JobNumbers(
        "shop",
        "web",
        conditions=(("Stalled", "True", "RolledBack"),),
        instances={"available": 3.0},
        uptime=lambda: {95: 600.0},
        ended={"Failed": 1.0},
        updates={"RolledForward": 1.0},
        active=ActiveUpdate("RollingForward", "Progressing", 0.0, {"updated": 1.0}),
        run_failed="FailedIndexes",
        run_due=0.0,
    )
    state.each_job = lambda: [job]
    return metrics


def rendered(families: Iterable[Metric]) -> str:
    """The document. Each family is in the first group with a fitting prefix."""
    lines, left = [_NOTICE, _INTRO.rstrip("\n")], list(families)
    for title, prefixes in _GROUPS:
        mine = [each for each in left if each.name.startswith(prefixes)]
        left = [each for each in left if each not in mine]
        lines += [
            "",
            f"## {title}",
            "",
            "| metric | type | labels | meaning |",
            "|---|---|---|---|",
        ]
        lines += [_row(each) for each in mine]
    assert not left, f"metrics without a group: {[each.name for each in left]}"
    return "\n".join(lines) + "\n"


def _row(family: Metric) -> str:
    # In PromQL a counter has this ending.
    name = f"{family.name}_total" if family.type == "counter" else family.name
    labels = ", ".join(f"`{label}`" for label in _labels(family))
    return f"| `{name}` | {family.type} | {labels} | {_cell(family.documentation)} |"


def _labels(family: Metric) -> Iterator[str]:
    names = {name: None for sample in family.samples for name in sample.labels}
    return (name for name in names if name not in ("le", "quantile"))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> int:
    """Write the files. With ``--check`` only print the stale ones."""
    return written(
        lambda: {FILE: rendered(example().registry.collect())},
        "Generate docs/metrics.md from the metrics.",
        "make metrics-doc",
    )


if __name__ == "__main__":
    sys.exit(main())
