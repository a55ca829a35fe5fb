"""The rows about Updates and their gates."""

from __future__ import annotations

from typing import Final

from hack.chart.dashboard.jobs import of_jobs
from hack.chart.dashboard.panels import Row, lines

_LEGEND: Final = "{{job_namespace}}/{{job_name}}"
_COUNTS: Final = "echelon_job_update_instances"
_DONE: Final = of_jobs(_COUNTS, "state", where='state=~"updated|rolled_back"')
_ACTIVE: Final = of_jobs("echelon_job_active_update", "phase")
_BY: Final = "by (job_namespace, job_name)"


def quantile(share: str, metric: str, window: str, *by: str) -> str:
    """A quantile of a histogram, over all processes of the operator."""
    labels = ", ".join(("le", *by))
    return f"histogram_quantile({share}, sum by ({labels}) (rate({metric}_bucket[{window}])))"


ROWS: Final[tuple[Row, ...]] = (
    (
        "Updates",
        (
            lines(
                "Active Updates by phase",
                "short",
                "Number of selected Jobs by the phase of their active Update.",
                {"{{phase}}": f"count by (phase) ({_ACTIVE})"},
                stacked=True,
            ),
            lines(
                "Progress of active Updates",
                "percentunit",
                "Share of an Update's instances that are updated, or rolled back.",
                {_LEGEND: f"sum {_BY} ({_DONE}) / sum {_BY} ({of_jobs(_COUNTS, 'state')})"},
                most=1,
            ),
            lines(
                "Updates that ended, by outcome (all Jobs)",
                "short",
                "How many Updates of all Jobs ended, by the phase in which they ended.",
                {
                    "{{outcome}}": "sum by (outcome) "
                    "(increase(echelon_update_seconds_count[$__rate_interval]))"
                },
                bars=True,
            ),
            lines(
                "Duration of Updates by outcome (all Jobs)",
                "s",
                "How long the Updates that ended in the last hour took, from their admission.",
                {
                    f"{name} {{{{outcome}}}}": quantile(
                        share, "echelon_update_seconds", "1h", "outcome"
                    )
                    for name, share in (("median", "0.5"), ("90 %", "0.9"))
                },
            ),
            lines(
                "Time since the last step",
                "s",
                "How long the active Update of each Job has not entered a phase, or begun a group, "
                "a watch or a run of a gate.",
                {_LEGEND: f"time() - {of_jobs('echelon_job_update_step_timestamp_seconds')}"},
            ),
            lines(
                "Updates that exist, by phase",
                "short",
                "Updates of the selected Jobs that history still has, and active ones.",
                {"{{phase}}": f"sum by (phase) ({of_jobs('echelon_job_updates', 'phase')})"},
                stacked=True,
            ),
        ),
    ),
    (
        "Gates (all Jobs)",
        (
            lines(
                "Verdicts",
                "cps",
                "Answers of gates per second. Inconclusive: no answer, or one that says nothing. "
                "Wait: a Job that runs, or a webhook that said so.",
                {
                    "{{provider}} {{verdict}}": "sum by (provider, verdict) "
                    "(rate(echelon_gate_asks_total[$__rate_interval]))"
                },
                stacked=True,
            ),
            lines(
                "Time of questions",
                "s",
                "How long questions to gates took, and how late they were asked: 99 of 100 took no "
                "longer.",
                {
                    "{{provider}}": quantile(
                        "0.99", "echelon_gate_ask_seconds", "$__rate_interval", "provider"
                    ),
                    "late": quantile("0.99", "echelon_gate_late_seconds", "$__rate_interval"),
                },
            ),
        ),
    ),
    (
        "Coordinators (all Jobs)",
        (
            lines(
                "Answers of coordinators",
                "cps",
                "Answers of coordinators per second. Invalid: an answer that says neither yes nor "
                "no.",
                {
                    "{{result}}": "sum by (result) "
                    "(rate(echelon_coordinator_asks_total[$__rate_interval]))"
                },
                stacked=True,
            ),
            lines(
                "Time of questions to coordinators",
                "s",
                "How long questions to coordinators took, and how long they waited for their turn: "
                "99 of 100 took no longer.",
                {
                    "asked": quantile(
                        "0.99", "echelon_coordinator_ask_seconds", "$__rate_interval"
                    ),
                    "turn": quantile(
                        "0.99", "echelon_coordinator_wait_seconds", "$__rate_interval"
                    ),
                },
            ),
        ),
    ),
)
