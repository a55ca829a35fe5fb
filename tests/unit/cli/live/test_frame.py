"""The picture as a whole, for each scene and several terminals."""

from __future__ import annotations

import pytest

from controller.api.ids import Ids
from controller.api.update import Update
from controller.cli.live.frame import frame
from controller.cli.live.header import names
from controller.cli.live.snapshot import Snapshot
from tests.unit.cli.live import objects, scenes
from tests.unit.cli.live.objects import IMAGES, NEW, NOW, OLD
from tests.unit.cli.live.scenes import SCENES
from tests.values import replace


def shown(snapshot: Snapshot, width: int = 80, height: int = 23, *, final: bool = False) -> str:
    """The picture as a terminal without colours shows it."""
    lines = frame(snapshot, width, height, final=final)
    return "\n".join(line.plain.rstrip() for line in lines)


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize(("width", "height"), [(30, 8), (80, 23), (120, 40), (200, 60)])
def test_it_fits(scene: str, width: int, height: int) -> None:
    lines = frame(SCENES[scene](), width, height)
    assert len(lines) <= height
    assert max(line.cell_len for line in lines) <= width
    assert not any("\x1b" in line.plain for line in lines)


def test_running() -> None:
    found = shown(scenes.running())
    assert found.splitlines()[0].startswith("shop/web   web:1.0 → web:1.1")
    assert found.splitlines()[0].endswith("▶ Rolling forward")
    assert "web-g4 by jane@example.com 4m12s ago: new basket" in found
    assert "4m10s, about 83s left" in found
    assert "9 of 12 updated, 75%" in found
    assert "Group 3 of 3   33s   4 instances 8-11: 2 Starting, 1 Pending" in found
    assert "9   Starting  31s  node-3  Unhealthy: the readiness probe" in found
    assert "✓ error-rate  Passed     0.002        41s  wants result < 0.01" in found
    assert "Ctrl-C stops watching, not the Update" in found


def test_an_instance_that_does_not_keep_the_pace() -> None:
    scene = scenes.running()
    status = scene.update.status
    assert status.batch is not None
    late = status.batch.model_copy(update={"started_at": scene.now - 200})
    update = scene.update.model_copy(
        update={"status": status.model_copy(update={"batch": late})},
    )
    found = shown(replace(scene, update=update))
    assert "4m10s, ready deadline in 6m40s" in found
    assert "left" not in found.splitlines()[1]


def test_a_failed_gate() -> None:
    found = shown(scenes.failed_gate())
    assert "◀ Rolling back" in found
    assert "Because  gate error-rate failed: 0.072 is not < 0.01" in found
    assert "✗ error-rate  Failed     0.072" in found
    assert "· 4 not touched" in found


def test_failures_come_with_last_words() -> None:
    found = shown(scenes.crashed(), 100, 40)
    assert "✗ 1-2  CrashLoopBackOff  exit code 3, on 2 nodes, 22s ago, attempt 2" in found
    assert "│ panic: cannot connect to postgres at db:5432" in found
    assert "✗ 0  ReadyTimeout  on node-7, 80s ago" in found


def test_a_pause_says_how_to_go_on() -> None:
    found = shown(scenes.paused())
    assert "Paused   paused by sam@example.com" in found
    assert "echelon update resume web-g4 -n shop    # go on" in found


def test_the_last_picture_leaves_the_outcome_to_the_lines_below() -> None:
    found = shown(scenes.crashed("RolledBack"), final=True)
    assert "↺ Rolled back" in found
    assert "Because" not in found
    assert "Ctrl-C" not in found


def test_many_instances_in_flight_are_put_together() -> None:
    found = shown(scenes.large())
    assert "In flight   20 instances 401-420: 20 Starting" in found
    assert "401-420  Starting  19s  9 nodes  Unhealthy" in found


def test_instances_whose_pods_were_not_read_are_not_called_missing() -> None:
    whole = scenes.large()
    part = replace(whole, pods=whole.pods[:4], read=Ids.parse("401-404"))
    assert "no pod" not in shown(part)
    assert "no pod yet" in shown(replace(part, read=None), 80, 40)


def test_no_operator() -> None:
    found = shown(scenes.waiting())
    assert "no operator has looked at this Update yet" in found
    assert "kubectl get leases -A | grep echelon" in found


def test_a_lost_connection_and_missing_rights_are_said() -> None:
    made = replace(scenes.running(), unseen=("pods", "Events"))
    assert "no right to see pods and Events" in shown(made)
    assert "the connection is lost" in shown(replace(made, lost="the connection is lost"))


def test_restart_and_several_old_revisions() -> None:
    made = objects.update(
        restart=True,
        to={"instances": "0-11"},
        from_=[{"revision": OLD, "instances": "0-9"}, {"revision": NEW, "instances": "10-11"}],
    )
    found = shown(Snapshot(made, NOW, images=IMAGES))
    assert "web:1.0 ×10, web:1.1 ×2  restart" in found


def test_names_of_revisions() -> None:
    assert names([OLD, NEW], IMAGES) == {OLD: "web:1.0", NEW: "web:1.1"}
    assert names([OLD, NEW], {}) == {OLD: OLD, NEW: NEW}, "the images are not known"
    same = dict.fromkeys((OLD, NEW), ("web:1.0",))
    assert names([OLD, NEW], same) == {OLD: "web:1.0 (1a2b3c)", NEW: "web:1.0 (4d5e6f)"}
    pinned = {OLD: (f"reg/web@sha256:{'ab' * 32}",)}
    assert names([OLD], pinned) == {OLD: "web@sha256:abababab"}
    proxied = {OLD: ("web:1.0", "envoy:3"), NEW: ("web:1.1", "envoy:3")}
    assert names([OLD, NEW], proxied) == {OLD: "web:1.0", NEW: "web:1.1"}


def test_no_word_of_a_user_steers_the_terminal() -> None:
    raw = scenes.running().update.model_dump(mode="json", by_alias=True, exclude_none=True)
    raw["spec"]["message"] = "\x1b]0;title\x07new\nbasket"
    raw["status"]["message"] = "\x1b[2J9 of 12"
    lines = frame(Snapshot(Update.model_validate(raw), NOW), 80, 23)
    assert not any(letter in line.plain for line in lines for letter in "\x1b\x07\n")
