"""``echelon update list`` and ``get`` on a real API server."""

from __future__ import annotations

import json

import yaml

from hack.harness.manifests import job, update
from hack.harness.space import Space
from tests.cli.echelon import Echelon
from tests.cli.test_update_verbs import auto_paused


def test_list(space: Space, echelon: Echelon) -> None:
    nothing = echelon("update", "list", check=0)
    assert nothing.out == ""
    assert f"No Updates in namespace {space.name}." in nothing.err
    space.made(job(instances=2))
    space.made(job("api", instances=1))
    space.roll("web:2", "RolledForward")
    space.create(update("late", "web", revision="web-none"))
    space.wait_update("Rejected", name="late")
    space.create(update("plan", "api", dryRun=True))
    space.wait_update("Planned", name="plan")

    table = echelon("update", "list", check=0)
    titles, *rows = table.lines
    assert titles.split() == [
        *("NAME", "JOB", "PHASE", "PROGRESS", "FAILED", "BY", "AGE", "MESSAGE")
    ]
    found = {row.split()[0]: row for row in rows}
    assert set(found) == {"web-g2", "late", "plan"}
    assert found["web-g2"].split()[1:5] == ["web", "RolledForward", "2/2", "0"]
    assert "Echelon" in found["web-g2"]
    assert "there is no ControllerRevision web-none" in found["late"]

    def names(*args: str) -> set[str]:
        found = echelon("update", "list", "-o", "name", *args, check=0)
        return {line.removeprefix("update.echelon.dev/") for line in found.lines}

    assert names("web") == {"web-g2", "late"}
    assert names("ejob/api") == {"plan"}
    assert names("--status", "succeeded") == {"web-g2", "plan"}
    assert names("--status", "failed") == {"late"}
    assert names("--status", "active") == set()
    assert names("--status", "Rejected,planned") == {"late", "plan"}
    assert names("-A", "web") >= {"web-g2", "late"}

    wide = echelon("update", "list", "web", "-A", "-o", "wide", check=0)
    assert wide.lines[0].split()[0] == "NAMESPACE"
    assert {"REASON", "TOOK", "TARGET"} <= set(wide.lines[0].split())
    listed = json.loads(echelon("update", "list", "-o", "json", check=0).out)
    assert listed["kind"] == "List"
    assert {item["kind"] for item in listed["items"]} == {"Update"}
    none = json.loads(echelon("update", "list", "--status", "paused", "-o", "json", check=0).out)
    assert none["items"] == []


def test_list_of_what_is_not_there(space: Space, echelon: Echelon) -> None:
    unknown = echelon("update", "list", "web", check=1)
    assert "EchelonJob web not found" in unknown.err
    usage = echelon("update", "list", "--status", "sideways", check=2)
    assert "'sideways' is no status of Updates" in usage.err
    assert "blocked" in usage.err
    assert space.updates() == []


def test_get(space: Space, echelon: Echelon) -> None:
    name = auto_paused(space)
    shown = echelon("update", "get", name, check=0)
    assert shown.lines[0] == f"{name}  RollForwardPaused (AutoPaused)"
    assert "batch 1 is done" in shown.lines[1]
    assert "2 of 4 instances updated (50%)" in shown.lines[2]
    for words in ("Created:", "Echelon", "History", "Policy", "Batch of 2", "Next"):
        assert words in shown.out
    assert f"echelon update resume {name} -n {space.name}" in shown.out
    assert echelon("update", "get", "web", check=0).lines[0] == shown.lines[0]
    found = yaml.safe_load(echelon("update", "get", name, "-o", "yaml", check=0).out)
    assert (found["kind"], found["metadata"]["name"]) == ("Update", name)
    assert "managedFields" not in found["metadata"]
    row = echelon("update", "get", "web", "-o", "wide", check=0).lines[1].split()
    assert row[:5] == [name, "web", "RollForwardPaused", "AutoPaused", "2/4"]
    missing = echelon("update", "get", "wbe", check=1)
    assert "no Update and no Job is named wbe" in missing.err
    assert "ejob/web" in missing.err
