"""What the floor and the observer read from an event of a pod."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import from_json

import hack.bench
from hack.bench.pods import shown
from hack.bench.watch import lean

_IMAGE = "registry.example.com/team/web:v1"


@pytest.fixture
def pod() -> dict[str, Any]:
    """A pod as an API server sent it."""
    text = (Path(hack.bench.__file__).parent / "pod.json").read_text()
    found: dict[str, Any] = json.loads(text)
    return found


def test_a_ready_pod_shows_its_image(pod: dict[str, Any]) -> None:
    assert shown(pod) == _IMAGE


@pytest.mark.parametrize("fault", ["not ready", "deleted", "no status"])
def test_a_pod_that_does_not_serve_shows_nothing(pod: dict[str, Any], fault: str) -> None:
    match fault:
        case "not ready":
            ready = next(c for c in pod["status"]["conditions"] if c["type"] == "Ready")
            ready["status"] = "False"
        case "deleted":
            pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        case _:
            pod["status"] = {"phase": "Pending"}
    assert shown(pod) is None


def test_a_resized_pod_shows_what_the_kubelet_applied(pod: dict[str, Any]) -> None:
    pod["status"]["containerStatuses"][0]["resources"] = {"requests": {"cpu": "12m"}}
    assert shown(pod, resized=True) == "12m"
    pod["status"]["conditions"].append({"type": "PodResizeInProgress", "status": "True"})
    assert shown(pod, resized=True) is None


def test_what_is_left_out_of_an_event_changes_nothing_that_is_read(pod: dict[str, Any]) -> None:
    line = _line(pod)
    short = lean(line)
    assert len(short) < len(line) / 2
    event = from_json(short)
    assert event["type"] == "MODIFIED"
    assert shown(event["object"]) == _IMAGE
    read = ("name", "uid", "resourceVersion")
    assert [event["object"]["metadata"][k] for k in read] == [pod["metadata"][k] for k in read]
    assert event["object"]["status"] == pod["status"]


@pytest.mark.parametrize("absent", ["managedFields", "status"])
def test_an_event_of_another_shape_is_read_whole(pod: dict[str, Any], absent: str) -> None:
    pod["metadata"].pop(absent, None)
    pod.pop(absent, None)
    line = _line(pod)
    assert lean(line) == line


def _line(pod: dict[str, Any]) -> bytes:
    return json.dumps({"type": "MODIFIED", "object": pod}, separators=(",", ":")).encode()
