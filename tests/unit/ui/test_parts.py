"""The pure parts: figures, steps, Events, the recorder, the store, questions, access."""

from __future__ import annotations

import json

import pytest

from controller.api.ids import Ids
from controller.api.pods.wire import PodWire
from controller.api.progress import Phase
from controller.api.update import Update
from controller.ui import actions, figures, marks
from controller.ui.decode import JOB_CODEC, POD_CODEC, Item
from controller.ui.events import container_rows, event_rows
from controller.ui.recorder import Recorder, numbers
from controller.ui.render import duration, ids, short, ticks
from controller.ui.steps import steps
from controller.ui.store import Change, Store
from controller.view.instances import State, seen
from controller.view.jobs import Health
from controller.view.updates import Mark
from controller.view.verbs import Verb
from tests.unit.ui.objects import NOW, job, pod, put, update


def test_all_states_have_a_mark_a_tone_and_a_word() -> None:
    found = [
        *map(marks.of_health, Health),
        *map(marks.of_state, State),
        *map(marks.of_mark, Mark),
        *map(marks.of_phase, Phase),
    ]
    assert all(badge.mark and badge.tone and badge.word for badge in found)


@pytest.mark.parametrize("kind", [Mark, State])
def test_states_of_a_grid_differ_in_shape(kind: type[Mark] | type[State]) -> None:
    looks = [marks.of_mark(x) if isinstance(x, Mark) else marks.of_state(x) for x in kind]
    assert len({look.mark for look in looks}) == len(looks)


def test_a_bar_is_full_and_shows_even_the_smallest_part() -> None:
    parts = figures.bar([(9_999, "good", "updated"), (1, "bad", "failed"), (0, "wait", "none")])
    assert [part.word for part in parts] == ["updated", "failed"]
    assert parts[1].width > 1
    assert sum(part.width for part in parts) == pytest.approx(100, abs=0.1)
    assert figures.bar([]) == []


def test_the_mix_shows_the_template_first_and_bad_ones_as_such() -> None:
    parts = figures.mix({"a": Ids.span(0, 5), "b": Ids([7]), "c": Ids([8])}, "b", ["c"])
    assert [(part.word, part.tone) for part in parts] == [
        ("b", "accent"),
        ("a", "old"),
        ("c", "bad"),
    ]


def test_a_grid_is_small_however_many_instances_there_are() -> None:
    text = figures.grid([(marks.of_mark(Mark.UPDATED), Ids.span(0, 10_000))], "/i/")
    assert json.loads(text)["groups"][0]["ids"] == "0-9999"
    assert len(text) < 200


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("0.02", (0.02,)),
        ("0.01 to 0.03", (0.03,)),
        ("3/4", (0.75,)),
        ("0.02 vs 0.01", (0.02, 0.01)),
        ("0.2 against 0.1", (0.2, 0.1)),
        ("1e-05", (1e-05,)),
        ("NaN", ()),
        ("Complete", ()),
        ("", ()),
    ],
)
def test_numbers_of_gates(value: str, found: tuple[float, ...]) -> None:
    assert numbers(value) == found


def test_a_chart_stays_within_its_box() -> None:
    recorder = Recorder(clock=lambda: NOW)
    for second, value in enumerate(("0.5", "2 vs 1", "-3", "")):
        gate = {"name": "g", "value": value, "result": "Waiting", "time": "2027-01-15T08:00:0%dZ"}
        gate["time"] = gate["time"] % second
        new = Update.model_validate(update(gates=[gate]))
        recorder(Change("update", "shop", "web", "web-g2", None, new))
    points = recorder.points(new, "g")
    assert len(points) == 4
    chart = figures.chart(points, "result < 1")
    assert chart is not None
    assert chart.limit is not None
    places = [pair.split(",") for line in chart.lines for pair in line.split()]
    assert all(0 <= float(x) <= 240 and 0 <= float(y) <= 48 for x, y in places)
    assert figures.chart([], "result < 1") is None


def test_the_recorder_forgets_updates_that_are_deleted_and_keeps_few_pods() -> None:
    recorder, store = Recorder(clock=lambda: NOW), Store()
    store.listeners.append(recorder)
    gate = {"name": "g", "value": "1", "result": "Passed", "time": "2027-01-15T08:00:00Z"}
    put(store, update(gates=[gate]))
    kept = store.updates["shop", "web-g2"]
    assert recorder.points(kept, "g")
    store.drop_update("shop/web-g2", "")
    assert not recorder.points(kept, "g")
    for number in range(60):
        put(store, pod(0, uid=f"u{number}"))
    assert [each.seen.pod.uid for each in recorder.ended("shop", "web")[:2]] == ["u58", "u57"]
    assert len(recorder.ended("shop", "web")) == 50


def test_the_store_keeps_its_indexes() -> None:
    store = Store()
    put(store, job(), update(), pod(0), pod(1, node="n2"))
    assert [each.pod.name for each in store.pods_of("shop", "web")] == ["web-0", "web-1"]
    put(store, pod(0, node="n2"))
    assert store.pods_on("n1") == []
    assert [each.pod.name for each in store.pods_on("n2")] == ["web-0", "web-1"]
    store.drop_pod("shop/web-0", "")
    store.drop_pod("shop/web-0", "")
    assert [each.pod.name for each in store.pods_on("n2")] == ["web-1"]
    store.drop_update("shop/web-g2", "")
    assert store.updates_of("shop", "web") == []
    assert store.namespaces() == {"shop"}


def test_objects_that_cannot_be_read_are_noted_and_do_not_hide_others() -> None:
    store, broken = Store(), job("broken")
    broken["spec"]["instances"] = "many"
    content = {"metadata": {"resourceVersion": "5"}, "items": [broken, job()]}
    items, token, version = JOB_CODEC.page(json.dumps(content).encode())
    for item in items:
        store.put_job(item)
    assert (token, version) == ("", "5")
    assert list(store.jobs) == [("shop", "web")]
    assert list(store.unreadable) == [("job", "shop", "broken")]
    assert list(store.unreadable.values()) == [items[0].trouble]
    kind, event = POD_CODEC.event(json.dumps({"type": "ADDED", "object": pod(3)}).encode())
    assert (kind, event.value and event.value.pod.instance) == ("ADDED", 3)


def test_what_cannot_be_read_is_forgotten_when_it_goes_or_can_be_read_again() -> None:
    store = Store()
    for name in ("web", "web-g2"):
        put(store, job(), update())
        identity = ("shop", name, f"uid-shop-{name}", "2")
        store.put_job(Item(*identity, None, "too new"))
        store.put_update(Item(*identity, None, "too new"))
        assert store.unreadable == dict.fromkeys(
            [("job", "shop", name), ("update", "shop", name)], "too new"
        )
        if name == "web":
            store.drop_job("shop/web", "")
            store.drop_update("shop/web", "")
        else:
            put(store, job(name), update(name))
        assert store.unreadable == {}
    store.drop_job("shop/web", "")
    store.drop_job("shop/web-g2", "")
    store.drop_update("shop/web-g2", "")
    assert store.namespaces() == set()


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(600.0, "600s"), (28800.0, "8h"), (172800.0, "48h"), (90061.0, "90061s")],
)
def test_a_duration_is_written_for_kubectl(seconds: float, written: str) -> None:
    assert duration(seconds) == written


def test_steps_of_a_pod() -> None:
    found = seen(PodWire.of(pod(0)))
    assert found is not None
    assert [(step.word, step.seconds) for step in steps(found.pod)] == [
        ("Pending", 2.0),
        ("Scheduled", 3.0),
        ("Starting", 10.0),
        ("Ready", None),
    ]


def test_events_newest_first_from_both_generations_of_their_api() -> None:
    old = {
        "metadata": {},
        "deprecatedLastTimestamp": "2027-01-01T00:00:00Z",
        "deprecatedCount": 3,
        "reason": "Old",
        "type": "Warning",
    }
    new = {
        "metadata": {},
        "eventTime": "2027-01-01T00:00:01.5Z",
        "series": {"count": 7, "lastObservedTime": "2027-01-02T00:00:00Z"},
        "reason": "New",
    }
    found = event_rows([old, new])
    assert [(row.reason, row.count, row.is_warning) for row in found] == [
        ("New", 7, False),
        ("Old", 3, True),
    ]


def test_containers_say_how_they_ended() -> None:
    raw = pod(0)
    ended = {"exitCode": 3, "reason": "Error", "finishedAt": "2027-01-01T00:00:00Z"}
    raw["status"]["containerStatuses"][0]["lastState"] = {"terminated": ended}
    (row,) = container_rows(raw)
    assert row.state == "Running"
    assert row.last is not None
    assert row.last.exit_code == 3
    raw["status"].pop("containerStatuses")
    assert container_rows(raw)[0].state == "Waiting"


def test_a_question_says_what_happens_and_a_refusal_why() -> None:
    active = Update.model_validate(update())
    asked = actions.ask(Verb.ROLLBACK, active, NOW)
    assert asked.answer == "Roll back"
    assert "3 instances will be replaced again." in asked.effects
    ended = Update.model_validate(update(phase="Aborted"))
    refused = actions.ask(Verb.PAUSE, ended, NOW)
    assert refused.answer == ""
    assert "has ended" in refused.effects[0]


def test_ids_and_revisions_are_shortened() -> None:
    assert ids(Ids(range(0, 200, 2)), 10) == "0,2,4,6,8,…"
    assert short("web-abcdef0123456789", "web") == "abcdef01"
    assert ticks("use `a<b` <now>") == "use <code>a&lt;b</code> &lt;now&gt;"
