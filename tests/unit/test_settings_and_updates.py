"""No setting of the operator shapes an Update, so none has to be stored in it at admission."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

from controller.core.decide import decide
from controller.reconcile.worker import Reconciler
from controller.settings import flags

CORE = Path(inspect.getfile(decide)).parent

#: Each flag, and what it changes instead. A flag that shapes an Update (how many instances go down,
#: when something fails, which revision is the target) must be stored in `status.policy` or beside
#: it at admission (`snapshot` in `core/admission/lock.py`), or a restart with another value would
#: change the Updates that are active.
INSTEAD = {
    "--namespace": "which Jobs are served",
    "--metrics-address": "where metrics are served",
    "--health-address": "where probes are served",
    "--job-metrics": "which Jobs have metrics of their own",
    "--log-format": "the log",
    "--log-level": "the log",
    "--lease-namespace": "which process acts",
    "--lease-name": "which process acts",
    "--shards": "which process acts",
    "--lease-duration-seconds": "which process acts",
    "--lease-renew-deadline-seconds": "which process acts",
    "--lease-retry-seconds": "which process acts",
    "--workers": "how many Jobs are handled at the same time",
    "--connections": "how many requests are in flight",
    "--resync-seconds": "how often everything is read anew",
    "--report-seconds": "how often counts and messages are written",
    "--stuck-seconds": "when /healthz fails",
    "--max-voluntary-disruption": "deletions that no Update explains",
    "--gate-ca-file": "whom gates trust: of this process, as its network is",
    "--maintenance": "whether this process serves another kind; no Update asks for it",
    "--maintenance-evict-others": "what Maintenances may do to pods that belong to no Job",
    "--gate-allow-loopback": "which addresses gates may ask: of this process, as its network is",
}


def test_each_flag_was_judged() -> None:
    assert set(flags()) == set(INSTEAD)


def test_a_decision_gets_what_was_observed_and_the_time() -> None:
    assert list(inspect.signature(decide).parameters) == ["observed", "now"]


def test_the_core_knows_no_settings_and_no_environment() -> None:
    forbidden = {"controller.settings", "controller.flags", "os", "sys"}
    for path in sorted(CORE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not forbidden & set(names), path


def test_the_reconciler_gets_one_setting_which_only_delays_reports() -> None:
    given = set(inspect.signature(Reconciler.__init__).parameters)
    parts = {"self", "client", "pod_client", "store", "queue", "recorder"}
    calls = {"observe", "ask", "asked", "clock", "coordinators", "decide", "brake", "ended"}
    assert given - parts - calls == {"report_every"}
