"""The parts of both forms, and the command line that runs them."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from types import SimpleNamespace

import pytest

from hack.chaos import __main__ as program
from hack.chaos import report
from hack.chaos.claimed import claimed
from hack.chaos.frozen_ids import frozen_ids
from hack.chaos.metadata_in_place import metadata_in_place
from hack.chaos.part import Part
from hack.chaos.parts import PARTS, chosen, form
from hack.chaos.plane import StalledError
from hack.chaos.provenance import provenance
from hack.chaos.row import Row
from hack.chaos.runs import of_runs
from hack.chaos.scenarios import NAMES, scenarios, stepwise
from hack.devcluster.cluster import ClusterError
from hack.harness.operator import OperatorError


def test_names_are_different() -> None:
    assert len({part.name for part in PARTS}) == len(PARTS)
    assert len(set(NAMES)) == len(NAMES)


def test_the_short_form_takes_at_most_three_minutes() -> None:
    assert sum(part.seconds or 0 for part in form(short=True)) <= 180


def test_each_scenario_is_in_a_part_of_the_long_form() -> None:
    kills = [part for part in form(short=False) if part.name.startswith("kill-")]
    assert "kill" not in [part.name for part in form(short=False)]
    assert sum(part.minutes or 0 for part in kills) == sum(each.minutes for each in scenarios(""))


def test_scenarios_that_drain_nodes_are_parts_and_in_the_sample() -> None:
    drains = [each for each in scenarios("") if each.least is not None]
    assert {each.name.partition(",")[0] for each in drains} == {
        "drain",
        "drain ended halfway",
        "drain in mid-update",
        "drain in mid-rollback",
    }
    parts = chosen(["kill-drain"], short=False)
    assert sum(part.minutes or 0 for part in parts) == len(drains)


def test_of_what_few_jobs_have_the_sample_has_one_scenario_each() -> None:
    mine = [*provenance(), *frozen_ids(), *metadata_in_place(""), *claimed()]
    assert [each.name for each in mine if each.short] == [
        "provenance, source and parent",
        "thawed, after the end",
        "metadata in place",
        "claims, scale down and up, Delete",
    ]
    parts = ["kill-provenance", "kill-frozen", "kill-thawed", "kill-metadata", "kill-claims"]
    found = chosen(parts, short=False)
    assert sum(part.minutes or 0 for part in found) == len(mine)


def test_the_sample_has_a_creation_in_order_and_the_pauses() -> None:
    short = [each.name for each in stepwise() if each.short]
    assert short == ["create in order", "pause after chosen groups"]


def test_the_sample_has_only_runs_that_wait_for_no_schedule() -> None:
    short = [each.name for each in of_runs() if each.short]
    assert short == ["adhoc, create", "cron, create"]
    found = {part.name: part.minutes for part in chosen(["kill-adhoc", "kill-cron"], short=False)}
    assert found.keys() == {"kill-adhoc", "kill-cron", "kill-cron-tick"}
    assert sum(minutes or 0 for minutes in found.values()) == sum(
        each.minutes for each in of_runs()
    )


def test_parts_are_chosen_by_how_their_names_begin() -> None:
    assert [part.name for part in chosen(["fail", "frozen"], short=True)] == ["failover", "frozen"]
    assert {"kill-create", "kill-update"} <= {p.name for p in chosen(["kill"], short=False)}
    with pytest.raises(KeyError):
        chosen(["nothing"], short=False)


def test_the_list_says_how_long_each_part_takes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["chaos", "--list"])
        program.main()
    said = capsys.readouterr().out
    assert all(f"  {part.name} " in said for part in PARTS)
    assert "faults" in said


def test_a_document_is_made_of_merged_reports_without_running_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = report.begin("make chaos", 7)
    report.add(made, "frozen", [Row("s", "f", 100)], 6)
    report.write(made, tmp_path / "r.json")
    target = tmp_path / "chaos.md"
    target.write_text(f"{program.document.BEGIN}\n{program.document.END}\n")
    words = ["chaos", "--merge", str(tmp_path / "r.json"), "--document", str(target)]
    monkeypatch.setattr("sys.argv", words)
    program.main()
    assert "| s | f | 100 | 0 |" in target.read_text()


@pytest.mark.parametrize("error", [ClusterError("no etcd"), StalledError("no answer")])
def test_that_the_machine_failed_is_no_verdict(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Namespace) -> None:
        raise error

    monkeypatch.setattr(program, "_run", fail)
    monkeypatch.setattr("sys.argv", ["chaos", "--short"])
    with pytest.raises(SystemExit) as end:
        program.main()
    assert end.value.code == program.UNKNOWN


@pytest.mark.parametrize(("short", "broken"), [(True, ["x"]), (True, []), (False, ["x"])])
def test_the_short_form_asks_whether_the_machine_was_to_blame(
    short: bool, broken: list[str]
) -> None:
    def check(_: float) -> None:
        raise StalledError("no answer")

    part = Part("p", "", lambda _: [Row("s", "f", 1, broken)], 1, 1)
    told = list[str]()
    given = Namespace(short=short, tries=None)

    def one() -> list[Row]:
        plane = SimpleNamespace(check=check)
        return program._one(part, plane, given, 7, lambda _, text: told.append(text))

    if short and broken:
        with pytest.raises(StalledError):
            one()
    else:
        assert one()[0].broken == broken
    assert [text.startswith("BROKEN") for text in told] == [False] + [True] * len(broken)


def test_a_part_that_breaks_off_on_a_failing_machine_is_no_verdict() -> None:
    def check(_: float) -> None:
        raise StalledError("no answer")

    def run(_: object) -> list[Row]:
        raise OperatorError("timed out waiting for readiness")

    plane, part = SimpleNamespace(check=check), Part("p", "", run, 1, 1)
    with pytest.raises(StalledError):
        program._one(part, plane, Namespace(short=False, tries=None), 7, lambda *_: None)
    plane.check = lambda _: None
    with pytest.raises(OperatorError):
        program._one(part, plane, Namespace(short=False, tries=None), 7, lambda *_: None)


def test_a_row_is_told_with_all_its_times() -> None:
    row = Row("s", "f", 3, [], [0.25, 3.0, 0.5], limit=2.0)
    words = "recovered in 0.50 s (p50), 3.00 s (p99), 3.00 s (max), 1 of them later than 2 s"
    assert words in program._told(row)
