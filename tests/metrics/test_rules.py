"""The file of alerts as promtool judges it: its syntax, and for how long each alert waits."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

import pytest
import yaml

from hack.devcluster.build import binary
from tests.metrics.shipped import ALERTS, alerts, minutes

_JOB: Final = 'job_namespace="shop",job_name="web"'
_ON: Final = "1x1000"


def _condition(name: str, reason: str) -> str:
    return f'echelon_job_condition{{{_JOB},condition="{name}",reason="{reason}"}}'


def _active(phase: str, reason: str = "Progressing") -> str:
    return f'echelon_job_active_update{{{_JOB},phase="{phase}",reason="{reason}"}}'


_STALLED: Final = _condition("Stalled", "InstanceNotReady")
#: For each alert the series that are its cause, with a value per minute.
CAUSES: Final[dict[str, dict[str, str]]] = {
    "EchelonJobUnavailable": {_condition("Available", "TooFewAvailable"): _ON},
    "EchelonJobDegraded": {
        f'echelon_job_instances{{{_JOB},state="available"}}': "8x1000",
        f'echelon_job_instances{{{_JOB},state="missing"}}': "2x1000",
        f"echelon_job_updating_instances{{{_JOB}}}": "0x1000",
    },
    "EchelonJobStalled": {_STALLED: _ON},
    "EchelonSafetyStop": {_condition("SafetyStop", "TooManyDisruptions"): _ON},
    "EchelonLeftAlone": {_condition("Stalled", "EngineTooNew"): _ON},
    "EchelonRunFailed": {f'echelon_job_run_failed{{{_JOB},reason="FailedIndexes"}}': _ON},
    "EchelonRunMissed": {f"echelon_job_run_due_timestamp_seconds{{{_JOB}}}": "0x1000"},
    "EchelonUpdateRolledBack": {_condition("RolledBack", "RolledBack"): _ON},
    "EchelonUpdateFailed": {_condition("Stalled", "UpdateFailed"): _ON},
    "EchelonUpdateBlocked": {_STALLED: _ON, _active("RollingForward"): _ON},
    "EchelonUpdateStuck": {
        f"echelon_job_update_step_timestamp_seconds{{{_JOB}}}": "0x1000",
        _active("RollingBack"): _ON,
    },
    "EchelonUpdateWaits": {_active("RollForwardPaused"): _ON},
    "EchelonNodesLost": {_active("RollingForward", "NodesLost"): _ON},
    "EchelonGatesInconclusive": {
        'echelon_gate_asks_total{provider="http",verdict="Inconclusive"}': "0+60x1000",
        'echelon_gate_asks_total{provider="http",verdict="Pass"}': "0+20x1000",
    },
    "EchelonCoordinatorHolds": {_active("RollingForward", "Coordinator"): _ON},
    "EchelonCoordinatorUnanswered": {
        'echelon_coordinator_asks_total{result="NoAnswer"}': "0+30x1000",
        'echelon_coordinator_asks_total{result="Invalid"}': "0+30x1000",
        'echelon_coordinator_asks_total{result="Allow"}': "0+20x1000",
        'echelon_coordinator_asks_total{result="Deny"}': "0+20x1000",
    },
    "EchelonAbsent": {"up": _ON},
    "EchelonNoLeader": {'echelon_leader{job="echelon",instance="a"}': "0x1000"},
    "EchelonNotReady": {'echelon_ready{job="echelon",instance="a"}': "0x1000"},
    "EchelonReconcileErrors": {
        'echelon_reconcile_seconds_count{result="error"}': "0+30x1000",
        'echelon_reconcile_seconds_count{result="success"}': "0+60x1000",
    },
    "EchelonQueueSlow": {'echelon_queue_oldest_seconds{instance="a"}': "61x1000"},
    "EchelonApiErrors": {
        'echelon_api_requests_total{code="503"}': "0+10x1000",
        'echelon_api_requests_total{code="200"}': "0+60x1000",
    },
    "EchelonApiSlow": {
        'echelon_api_request_seconds_bucket{verb="get",le="1.0"}': "0+60x1000",
        'echelon_api_request_seconds_bucket{verb="get",le="10.0"}': "0+120x1000",
        'echelon_api_request_seconds_bucket{verb="get",le="+Inf"}': "0+120x1000",
    },
    "EchelonWatchSilent": {'echelon_informer_silence_seconds{resource="pods"}': "181x1000"},
    "EchelonCrdsLackFields": {'echelon_crd_differences{difference="lost"}': _ON},
    "EchelonJobMetricsOmitted": {'echelon_job_metrics_omitted{instance="a"}': "3x1000"},
}
#: Minutes after which the expression itself is true: a rate needs two values, an Update is stuck
#: after an hour.
_LATER: Final = {
    "EchelonRunMissed": 6,
    "EchelonUpdateStuck": 61,
    "EchelonGatesInconclusive": 1,
    "EchelonCoordinatorUnanswered": 1,
    "EchelonReconcileErrors": 1,
    "EchelonApiErrors": 1,
    "EchelonApiSlow": 1,
}
#: Series that are like those of the causes, and no cause.
HEALTHY: Final = {
    _condition("UpdatePending", "Manual"): _ON,
    _active("RollingForward"): _ON,
    f"echelon_job_update_step_timestamp_seconds{{{_JOB}}}": "0+60x1000",
    # A schedule of every minute whose last run began less than a minute ago.
    f"echelon_job_run_due_timestamp_seconds{{{_JOB}}}": "0+60x1000",
    'echelon_jobs_last_run{state="Failed"}': "2x1000",
    f'echelon_job_instances{{{_JOB},state="available"}}': "8x1000",
    f'echelon_job_instances{{{_JOB},state="starting"}}': "2x1000",
    f"echelon_job_updating_instances{{{_JOB}}}": "2x1000",
    f'echelon_job_instances{{{_JOB.replace("web", "empty")},state="available"}}': "0x1000",
    f"echelon_job_updating_instances{{{_JOB.replace('web', 'empty')}}}": "0x1000",
    'echelon_gate_asks_total{provider="http",verdict="Inconclusive"}': "0+20x1000",
    'echelon_gate_asks_total{provider="http",verdict="Pass"}': "0+60x1000",
    'echelon_gate_asks_total{provider="job",verdict="Wait"}': "0+60x1000",
    'echelon_coordinator_asks_total{result="NoAnswer"}': "0+10x1000",
    'echelon_coordinator_asks_total{result="Deny"}': "0+60x1000",
    'echelon_build_info{instance="a",job="echelon",version="1"}': _ON,
    'echelon_leader{job="echelon",instance="a"}': "0x1000",
    'echelon_leader{job="echelon",instance="b"}': _ON,
    'echelon_ready{job="echelon",instance="a"}': _ON,
    'echelon_reconcile_seconds_count{result="error"}': "0+1x1000",
    'echelon_reconcile_seconds_count{result="success"}': "0+60x1000",
    'echelon_queue_oldest_seconds{instance="a"}': "59x1000",
    'echelon_api_requests_total{code="409"}': "0+30x1000",
    'echelon_api_requests_total{code="200"}': "0+60x1000",
    'echelon_api_request_seconds_bucket{verb="get",le="1.0"}': "0+120x1000",
    'echelon_api_request_seconds_bucket{verb="get",le="+Inf"}': "0+120x1000",
    'echelon_informer_silence_seconds{resource="pods"}': "90x1000",
    'echelon_crd_differences{difference="lost"}': "0x1000",
    'echelon_job_metrics_omitted{instance="a"}': "0x1000",
}


def promtool(*args: str) -> str:
    """The output of promtool. Raises AssertionError with it if promtool finds something."""
    done = subprocess.run([str(binary("promtool")), *args], capture_output=True, text=True)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def held(folder: Path, series: dict[str, str], expected: dict[str, list[tuple[int, int]]]) -> None:
    """Hold the alerts against series. ``expected``: by alert the minute and how many fire then."""
    samples = [
        {
            "expr": f'count(ALERTS{{alertname="{name}",alertstate="firing"}}) or vector(0)',
            "eval_time": f"{minute}m",
            "exp_samples": [{"labels": "{}", "value": number}],
        }
        for name, moments in expected.items()
        for minute, number in moments
    ]
    given = [{"series": name, "values": values} for name, values in series.items()]
    test = {"interval": "1m", "input_series": given, "promql_expr_test": samples}
    document = {"rule_files": [str(ALERTS)], "evaluation_interval": "1m", "tests": [test]}
    file = folder / "test.yaml"
    file.write_text(yaml.safe_dump(document))
    promtool("test", "rules", str(file))


def test_promtool_finds_nothing_in_the_alerts() -> None:
    said = promtool("check", "rules", "--lint=all", "--lint-fatal", str(ALERTS))
    assert f"SUCCESS: {len(alerts())} rules found" in said


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_an_alert_fires_when_its_cause_has_lasted(alert: dict[str, str], tmp_path: Path) -> None:
    name = alert["alert"]
    begins = _LATER.get(name, 0)
    fires = begins + minutes(alert.get("for", "0m"))
    moments = [(fires, 1)] + ([(fires - 1, 0)] if fires else [])
    held(tmp_path, CAUSES[name], {name: moments})


def test_what_is_like_a_cause_and_none_fires_nothing(tmp_path: Path) -> None:
    expected = {alert["alert"]: [(minute, 0) for minute in (30, 300)] for alert in alerts()}
    held(tmp_path, HEALTHY, expected)
