"""The health scripts for Argo CD look for conditions and reasons that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from controller.api.update import ACTIVE, Phase
from controller.core.model import conditions as cond

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = yaml.safe_load((ROOT / "examples/gitops/argocd/health.yaml").read_text())["data"]
KINDS = ("EchelonJob", "Update")
KNOWN = {getattr(cond, name) for name in dir(cond) if name.isupper()}


@pytest.mark.parametrize("kind", KINDS)
def test_conditions_are_known(kind: str) -> None:
    script = SCRIPTS[f"resource.customizations.health.echelon.dev_{kind}"]
    named = set(re.findall(r'condition\.type == "(\w+)"', script))
    assert {"Stalled", "Ready"} <= named <= KNOWN
    said = set(re.findall(r'status = "(\w+)"', script))
    assert said == {"Progressing", "Degraded", "Healthy", "Suspended"}


def test_a_job_is_suspended_in_the_phases_that_wait_for_somebody() -> None:
    script = SCRIPTS["resource.customizations.health.echelon.dev_EchelonJob"]
    endings = re.findall(r'string\.find\(condition\.reason, "(\w+)\$"\)', script)
    found = {phase for phase in ACTIVE if phase.endswith(tuple(endings))}
    assert found == ACTIVE - {Phase.ROLLING_FORWARD, Phase.ROLLING_BACK}
