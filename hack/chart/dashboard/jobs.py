"""The rows about Jobs: what needs attention, their uptime, their runs, their instances."""

from __future__ import annotations

from typing import Final

from hack.chart.dashboard.panels import Row, lines, number, rows

_BY: Final = "job_namespace, job_name"
_SELECTED: Final = 'job_namespace=~"$namespace", job_name=~"$job"'
_LEGEND: Final = "{{job_namespace}}/{{job_name}}"


def of_jobs(metric: str, *by: str, where: str = "") -> str:
    """A gauge of the selected Jobs. ``max``: while the operator changes its leader, two processes
    can tell of a Job."""
    labels = ", ".join((_BY, *by))
    return f"max by ({labels}) ({metric}{{{_SELECTED}{f', {where}' if where else ''}}})"


def grown(metric: str, window: str) -> str:
    """By how much a counter of each selected Job grew."""
    return f"sum by ({_BY}) (increase({metric}{{{_SELECTED}}}[{window}]))"


_STATES: Final = of_jobs("echelon_job_instances", "state")
_ALL: Final = f"sum by ({_BY}) ({_STATES})"
_AVAILABLE: Final = of_jobs("echelon_job_instances", where='state="available"')
_UPDATING: Final = of_jobs("echelon_job_updating_instances")
_DOWN: Final = f"clamp_min({_ALL} - {_AVAILABLE} - {_UPDATING}, 0)"
#: 0 to 1. Jobs without instances are left out, because nothing of them can be down.
_UPTIME: Final = f"1 - {_DOWN} / ({_ALL} > 0)"
_SUM, _COUNT = "echelon_job_time_to_good_seconds_sum", "echelon_job_time_to_good_seconds_count"


def mean(metric: str) -> str:
    """The mean of what a summary of each selected Job counted lately."""
    total, count = (grown(f"{metric}_{part}", "$__rate_interval") for part in ("sum", "count"))
    return f"{total} / ({count} > 0)"


_UPTIMES: Final = of_jobs("echelon_job_uptime_seconds", "percent")
_P95: Final = 'percent="95"'
_NEEDS_PERSON: Final = 'condition=~"Stalled|SafetyStop|PodNameConflict|Available"'
_UPTIME_IS: Final = (
    "Share of the instances that are available. An instance that an Update has in work counts as "
    "up, because that downtime was planned."
)

ROWS: Final[tuple[Row, ...]] = (
    (
        "Overview",
        (
            number(
                "Jobs", "short", "Number of selected Jobs.", f"count({_AVAILABLE}) or vector(0)"
            ),
            number(
                "Instances available",
                "percentunit",
                "Share of all selected instances that are available now. Instances that an Update "
                "has in work count as not available.",
                f"sum({_AVAILABLE}) / sum({_ALL})",
                steps={0: "red", 0.9: "orange", 0.99: "green"},
            ),
            number(
                "SLA uptime",
                "percentunit",
                f"{_UPTIME_IS} Mean over the time range and the selected Jobs.",
                f"avg(avg_over_time(({_UPTIME})[$__range:]))",
                steps={0: "red", 0.99: "orange", 0.999: "green"},
            ),
            number(
                "Mean time to good",
                "s",
                "How long pods took from their creation until they were Ready for minReadySeconds. "
                "Mean over the time range.",
                f"sum({grown(_SUM, '$__range')}) / sum({grown(_COUNT, '$__range')})",
            ),
            number(
                "Active Updates",
                "short",
                "Number of selected Jobs with an Update that is active, paused or awaits a pulse.",
                f"count({of_jobs('echelon_job_active_update')}) or vector(0)",
            ),
            number(
                "Jobs that need a person",
                "short",
                "Number of selected Jobs that are Stalled or not Available, that the safety brake "
                "has stopped, or whose pod's name is taken.",
                f"count({of_jobs('echelon_job_condition', where=_NEEDS_PERSON)}) or vector(0)",
                steps={1: "red"},
            ),
            rows(
                "What needs attention",
                "short",
                "Conditions of Jobs that are not as they should be, with their reasons. "
                "`kubectl describe echelonjob` has the message.",
                of_jobs("echelon_job_condition", "condition", "reason"),
                {
                    "job_namespace": "Namespace",
                    "job_name": "Job",
                    "condition": "Condition",
                    "reason": "Reason",
                },
                span=24,
            ),
        ),
    ),
    (
        "SLA",
        (
            lines("SLA uptime per Job", "percentunit", _UPTIME_IS, {_LEGEND: _UPTIME}, most=1),
            rows(
                "SLA uptime over the time range",
                "percentunit",
                f"{_UPTIME_IS} Mean over the time range, the worst first.",
                f"sort(avg_over_time(({_UPTIME})[$__range:]))",
                {"job_namespace": "Namespace", "job_name": "Job", "Value": "Uptime"},
            ),
            lines(
                "Available instances per Job",
                "percentunit",
                "Share of the instances that are available, planned downtime included.",
                {_LEGEND: f"{_AVAILABLE} / ({_ALL} > 0)"},
                most=1,
            ),
            lines(
                "Mean time to good per Job",
                "s",
                "How long the pods that became good lately took from their creation until they "
                "were Ready for minReadySeconds. Without new pods there is no value.",
                {_LEGEND: mean("echelon_job_time_to_good_seconds")},
            ),
            lines(
                "Uptime of the instances, by percentage",
                "s",
                "For how long at least so many percent of the instances of a Job have been "
                "available without a break; of the selected Jobs the worst. A drop is a restart, "
                "whoever caused it.",
                {"{{percent}}%": f"min by (percent) ({_UPTIMES})"},
            ),
            lines(
                "Uptime that 95% of the instances have, per Job",
                "s",
                "The twenty Jobs with the shortest. Compare it with sla.durationSeconds.",
                {_LEGEND: f"bottomk(20, {of_jobs('echelon_job_uptime_seconds', where=_P95)})"},
            ),
            lines(
                "Mean time to assigned per Job",
                "s",
                "How long the pods that were bound to a node lately had waited for it since their "
                "creation. Without new pods there is no value.",
                {_LEGEND: mean("echelon_job_time_to_assigned_seconds")},
            ),
            lines(
                "Mean time to recovery per Job",
                "s",
                "How long instances that were lost, other than by an Update or a scale, took until "
                "they were available again.",
                {_LEGEND: mean("echelon_job_time_to_recovery_seconds")},
            ),
        ),
    ),
    (
        "Runs",
        (
            lines(
                "Jobs by their last run",
                "short",
                "All Jobs of type Cron and Adhoc, also those that are not selected, by how their "
                "last run is.",
                {"{{state}}": "max by (state) (echelon_jobs_last_run)"},
                stacked=True,
            ),
            rows(
                "Runs that failed",
                "short",
                "Jobs of type Cron and Adhoc whose last run failed, and the reason.",
                of_jobs("echelon_job_run_failed", "reason"),
                {"job_namespace": "Namespace", "job_name": "Job", "reason": "Reason"},
            ),
            rows(
                "Runs that did not start",
                "s",
                "For how long a run of a Job of type Cron has been due that has not started.",
                f"time() - {of_jobs('echelon_job_run_due_timestamp_seconds')}",
                {"job_namespace": "Namespace", "job_name": "Job", "Value": "Due for"},
                span=24,
            ),
        ),
    ),
    (
        "Instances",
        (
            lines(
                "Instances by state",
                "short",
                "Instances of the selected Jobs. ready: Ready, but not for minReadySeconds yet; "
                "ended: the pod ended and is not replaced yet; missing: there is no pod.",
                {"{{state}}": f"sum by (state) ({_STATES})"},
                stacked=True,
            ),
            lines(
                "Instances not available per Job",
                "short",
                "The twenty Jobs with the most instances that are not available.",
                {_LEGEND: f"topk(20, {_ALL} - {_AVAILABLE})"},
            ),
        ),
    ),
)
