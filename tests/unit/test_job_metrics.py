"""The metrics of single Jobs: which series there are, and how many at most."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from controller.api.update import Phase
from controller.job_metrics import ActiveUpdate, JobNumbers
from controller.metrics import Metrics

WEB = JobNumbers(
    "shop",
    "web",
    conditions=(("Stalled", "True", "RolledBack"),),
    instances={"available": 3.0, "missing": 1.0},
    updating=1.0,
    uptime=lambda: {50: 120.0, 99: 0.0},
    assigned=(4, 2.0),
    good=(2, 9.0),
    recovered=(1, 7.5),
    updates={"RolledBack": 1.0},
    active=ActiveUpdate("RollingForward", "Progressing", 1000.0, {"updated": 2.0}),
    run_failed="FailedIndexes",
    run_due=2000.0,
)
NAME = 'job_name="web",job_namespace="shop"'


def scraped(metrics: Metrics) -> list[str]:
    return generate_latest(metrics.registry).decode().splitlines()


def test_a_job_has_its_series_until_it_is_gone() -> None:
    metrics = Metrics(CollectorRegistry(), version="1")
    jobs = [WEB]
    metrics.state.each_job = lambda: jobs
    lines = scraped(metrics)
    stalled = f'condition="Stalled",{NAME},reason="RolledBack",status="True"'
    for line in (
        f"echelon_job_condition{{{stalled}}} 1.0",
        f'echelon_job_instances{{{NAME},state="available"}} 3.0',
        f'echelon_job_instances{{{NAME},state="missing"}} 1.0',
        f"echelon_job_updating_instances{{{NAME}}} 1.0",
        f'echelon_job_uptime_seconds{{{NAME},percent="50"}} 120.0',
        f'echelon_job_uptime_seconds{{{NAME},percent="99"}} 0.0',
        f"echelon_job_time_to_assigned_seconds_count{{{NAME}}} 4.0",
        f"echelon_job_time_to_assigned_seconds_sum{{{NAME}}} 2.0",
        f"echelon_job_time_to_recovery_seconds_count{{{NAME}}} 1.0",
        f"echelon_job_time_to_recovery_seconds_sum{{{NAME}}} 7.5",
        f"echelon_job_time_to_good_seconds_count{{{NAME}}} 2.0",
        f"echelon_job_time_to_good_seconds_sum{{{NAME}}} 9.0",
        f'echelon_job_updates{{{NAME},phase="RolledBack"}} 1.0',
        f'echelon_job_active_update{{{NAME},phase="RollingForward",reason="Progressing"}} 1.0',
        f"echelon_job_update_step_timestamp_seconds{{{NAME}}} 1000.0",
        f'echelon_job_update_instances{{{NAME},state="updated"}} 2.0',
        f'echelon_job_run_failed{{{NAME},reason="FailedIndexes"}} 1.0',
        f"echelon_job_run_due_timestamp_seconds{{{NAME}}} 2000.0",
        "echelon_job_metrics_omitted 0.0",
    ):
        assert line in lines
    jobs.clear()
    assert not [line for line in scraped(metrics) if "job_name=" in line]


def test_beyond_the_limit_only_what_needs_attention_is_told() -> None:
    metrics = Metrics(CollectorRegistry(), version="1", most_jobs=1)
    metrics.state.each_job = lambda: [JobNumbers("shop", "api", instances={"available": 1.0}), WEB]
    lines = scraped(metrics)
    about_web = {line.partition("{")[0] for line in lines if NAME in line}
    assert about_web == {
        "echelon_job_condition",
        "echelon_job_active_update",
        "echelon_job_update_step_timestamp_seconds",
        "echelon_job_run_failed",
        "echelon_job_run_due_timestamp_seconds",
    }
    assert (
        'echelon_job_instances{job_name="api",job_namespace="shop",state="available"} 1.0' in lines
    )
    assert "echelon_job_metrics_omitted 1.0" in lines


def test_the_uptime_of_a_job_beyond_the_limit_is_not_computed() -> None:
    def uptime() -> dict[int, float]:
        raise AssertionError("computed")

    metrics = Metrics(CollectorRegistry(), version="1", most_jobs=1)
    beyond = JobNumbers("shop", "api", instances={"available": 1.0}, uptime=uptime)
    metrics.state.each_job = lambda: [WEB, beyond]
    assert "echelon_job_metrics_omitted 1.0" in scraped(metrics)


def test_with_0_no_metric_names_a_job() -> None:
    metrics = Metrics(CollectorRegistry(), version="1", most_jobs=0)
    metrics.state.each_job = lambda: [WEB]
    assert not [line for line in scraped(metrics) if "web" in line]


def test_ended_updates_are_counted_by_outcome_from_zero_on() -> None:
    metrics = Metrics(CollectorRegistry(), version="1")
    metrics.update_ended(Phase.ROLLED_BACK, 45.0)
    metrics.update_ended(Phase.PLANNED, 1.0)
    lines = scraped(metrics)
    assert 'echelon_update_seconds_count{outcome="RolledBack"} 1.0' in lines
    assert 'echelon_update_seconds_bucket{le="60.0",outcome="RolledBack"} 1.0' in lines
    assert 'echelon_update_seconds_count{outcome="RolledForward"} 0.0' in lines
    assert not [line for line in lines if "Planned" in line]
