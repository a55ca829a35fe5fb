"""The metrics of single Jobs, read from the store at each scrape.

A Job that is gone is not in the next scrape, so no series outlives its Job. At most ``most`` Jobs
have all series; conditions that need attention, active Updates, and runs that failed or did not
start are told of every Job, because alerts are about them. With 0 no metric names a Job. The labels
are ``job_namespace`` and ``job_name``, because Prometheus itself sets ``namespace`` and ``job``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector

JOB: Final = ("job_namespace", "job_name")
#: How often something happened, and how many seconds it took in all.
Total = tuple[int, float]
NOTHING: Final[Total] = (0, 0.0)


@dataclass(frozen=True, slots=True)
class ActiveUpdate:
    """``counts``: number of instances by state; ``step_at``: epoch seconds."""

    phase: str
    reason: str
    step_at: float
    counts: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class JobNumbers:
    """What is told of one Job. ``conditions``: type, status and reason of each condition that needs
    attention. ``instances``: number by state. ``updating``: instances that the active Update has
    in work. ``uptime()``: seconds by percentage of the instances; it is called only if it is told.
    ``assigned``, ``good``, ``recovered``: how many pods or instances became so, and how many
    seconds they took together. ``ended``: pods that are no more, by cause. ``updates``: number of
    Updates by phase. ``run_failed``: the reason if the last run failed; ``run_due``: when a run was
    due that has not started (epoch seconds)."""

    namespace: str
    name: str
    conditions: tuple[tuple[str, str, str], ...] = ()
    instances: Mapping[str, float] = field(default_factory=dict)
    updating: float = 0.0
    uptime: Callable[[], Mapping[int, float]] = dict
    assigned: Total = NOTHING
    good: Total = NOTHING
    recovered: Total = NOTHING
    ended: Mapping[str, float] = field(default_factory=dict)
    updates: Mapping[str, float] = field(default_factory=dict)
    active: ActiveUpdate | None = None
    run_failed: str = ""
    run_due: float | None = None


class JobCollector(Collector):
    """``read()`` returns the Jobs that this process works on, in an order that does not change."""

    def __init__(self, read: Callable[[], Iterable[JobNumbers]], most: int) -> None:
        self._read = read
        self._most = most

    def collect(self) -> Iterator[Metric]:
        families, omitted, most = _Families(), 0, self._most
        for number, job in enumerate(self._read() if most else ()):
            families.add_attention(job)
            if number < most:
                families.add(job)
            else:
                omitted += 1
        yield from families.all
        text = (
            "Jobs beyond --job-metrics: of the metrics with job_name they have only those of "
            "conditions that need attention, of active Updates, and of runs that failed or did "
            "not start."
        )
        yield GaugeMetricFamily("echelon_job_metrics_omitted", text, value=omitted)


class _Families:
    def __init__(self) -> None:
        self.instances = _gauge(
            "echelon_job_instances",
            "Instances of the Job, by state: available; ready, but not for minReadySeconds yet;"
            " starting; terminating; ended; missing. Each instance is in one state. A state "
            "without instances is left out, except available.",
            "state",
        )
        self.updating = _gauge(
            "echelon_job_updating_instances",
            "Instances that the active Update has in work and that are not available: a "
            "downtime that was planned.",
        )
        self.uptime = _gauge(
            "echelon_job_uptime_seconds",
            "For how long at least so many percent (50, 75, 90, 95, 99) of the instances have been "
            "available without a break; an instance that is not available counts with 0. Taken "
            "from the pods, so a restart of the operator does not change it.",
            "percent",
        )
        self.assigned = _summary(
            "echelon_job_time_to_assigned_seconds",
            "How long pods took from their creation until they were bound to a node. Since the "
            "operator began to work on the Job.",
        )
        self.good = _summary(
            "echelon_job_time_to_good_seconds",
            "How long pods took from their creation until they were Ready for minReadySeconds "
            "for the first time. Since the operator began to work on the Job.",
        )
        self.recovered = _summary(
            "echelon_job_time_to_recovery_seconds",
            "How long instances that were lost took until they were available again; what an "
            "Update has in work, or a scale removed, is not lost. Since the operator began to "
            "work on the Job.",
        )
        self.ended = CounterMetricFamily(
            "echelon_job_ended_instances",
            "Pods of the Job that are no more, by cause: Update, Rollback, Scale, Move, Evicted, "
            "Preempted, NodeLost, Failed, Deleted.",
            labels=(*JOB, "cause"),
        )
        self.conditions = _gauge(
            "echelon_job_condition",
            "1 for each condition of the Job that needs attention: Available while it is False;"
            " Stalled, RolledBack, UpdatePending, PodNameConflict and SafetyStop while they are"
            " True.",
            "condition",
            "status",
            "reason",
        )
        self.updates = _gauge(
            "echelon_job_updates", "Updates of the Job that exist, by phase.", "phase"
        )
        self.active = _gauge(
            "echelon_job_active_update",
            "1 while the Job has an active Update: its phase, and the reason in its status.",
            "phase",
            "reason",
        )
        self.step = _gauge(
            "echelon_job_update_step_timestamp_seconds",
            "When the active Update last entered a phase or began a group, a watch or a run of "
            "a gate.",
        )
        self.run_failed = _gauge(
            "echelon_job_run_failed",
            "1 for each Job of type Cron and Adhoc whose last run failed, or was deleted by "
            "somebody, with the reason.",
            "reason",
        )
        self.run_due = _gauge(
            "echelon_job_run_due_timestamp_seconds",
            "When a run of a Job of type Cron was due that has not started. Without such a run "
            "there is no value.",
        )
        self.counts = _gauge(
            "echelon_job_update_instances",
            "Instances of the active Update: pending, updating, updated, failed, rolled_back.",
            "state",
        )

    @property
    def all(self) -> tuple[Metric, ...]:
        return (
            self.conditions,
            self.instances,
            self.updating,
            self.uptime,
            self.assigned,
            self.good,
            self.recovered,
            self.ended,
            self.updates,
            self.active,
            self.step,
            self.counts,
            self.run_failed,
            self.run_due,
        )

    def add_attention(self, job: JobNumbers) -> None:
        name = [job.namespace, job.name]
        for condition in job.conditions:
            self.conditions.add_metric([*name, *condition], 1.0)
        if (update := job.active) is not None:
            self.active.add_metric([*name, update.phase, update.reason], 1.0)
            self.step.add_metric(name, update.step_at)
        if job.run_failed:
            self.run_failed.add_metric([*name, job.run_failed], 1.0)
        if job.run_due is not None:
            self.run_due.add_metric(name, job.run_due)

    def add(self, job: JobNumbers) -> None:
        name = [job.namespace, job.name]
        for state, number in job.instances.items():
            self.instances.add_metric([*name, state], number)
        if job.instances:
            self.updating.add_metric(name, job.updating)
            self.assigned.add_metric(name, *job.assigned)
            self.good.add_metric(name, *job.good)
            self.recovered.add_metric(name, *job.recovered)
            for percent, seconds in job.uptime().items():
                self.uptime.add_metric([*name, str(percent)], seconds)
        for cause, number in job.ended.items():
            self.ended.add_metric([*name, cause], number)
        for phase, number in job.updates.items():
            self.updates.add_metric([*name, phase], number)
        for state, number in job.active.counts.items() if job.active else ():
            self.counts.add_metric([*name, state], number)


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=[*JOB, *labels])


def _summary(name: str, text: str) -> SummaryMetricFamily:
    """How long something took: its count and sum, of which Prometheus makes a mean. A histogram per
    Job would be a dozen series instead of two."""
    return SummaryMetricFamily(name, text, labels=JOB)
