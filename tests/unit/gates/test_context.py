from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.gates.context import Context, Instance, expand, filled, pods


def instances(ids: list[int], twins: frozenset[int] = frozenset()) -> list[Instance]:
    return [(i, f"web-{i}{'-s' if i in twins else ''}", "") for i in ids]


def test_placeholders_are_replaced(context: Context) -> None:
    text = "{{echelon.job}}/{{echelon.namespace}}/{{echelon.revision}}/{{echelon.digest}}"
    assert expand(text, context) == "web/ns/web-abc/abc"
    assert (
        expand("{{echelon.updated}} {{echelon.baseline}}", context) == "web-0|web-1 web-2|web-3-s"
    )


def test_others_are_left_alone(context: Context) -> None:
    text = "{{echelon.what}} {{ .Values.x }} {{echelon.Job}} {{echelon.podIP}}"
    assert expand(text, context) == text


@pytest.mark.parametrize(
    ("ip", "url"), [("10.0.0.1", "http://10.0.0.1:80/x"), ("fd00::1", "http://[fd00::1]:80/x")]
)
def test_the_ip_of_a_pod_fits_in_a_url(context: Context, ip: str, url: str) -> None:
    assert expand("http://{{echelon.podIP}}:80/x", context, ip) == url


def test_values_of_json_are_filled_and_keys_not(context: Context) -> None:
    node = {"{{echelon.job}}": ["{{echelon.job}}", 1, None, {"a": "-{{echelon.namespace}}-"}]}
    assert filled(node, context) == {"{{echelon.job}}": ["web", 1, None, {"a": "-ns-"}]}


def test_no_instances_match_no_pod(context: Context) -> None:
    assert expand("{{echelon.updated}}", replace(context, updated=())) == "-"


def test_dots_are_dots() -> None:
    assert pods("a.b", [(1, "a.b-1", "")]) == "a[.]b-1"
    many = [(i, f"a.b-{i}", "") for i in range(200)]
    assert re.fullmatch(pods("a.b", many), "a.b-7")
    assert not re.fullmatch(pods("a.b", many), "axb-7")


def test_ten_thousand_are_short() -> None:
    pattern = pods("web", instances(list(range(10_000))))
    assert pattern == ("web-(?:[0-9]|[1-9][0-9]|[1-9][0-9][0-9]|[1-9][0-9][0-9][0-9])")


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.integers(0, 9_999), min_size=1, max_size=6),
    st.integers(0, 3_000),
    st.sets(st.integers(0, 9_999), max_size=20),
)
def test_exactly_the_given_instances_are_matched(
    starts: list[int], length: int, odd: set[int]
) -> None:
    ids = sorted({i for start in starts for i in range(start, min(start + length, 10_000))} | odd)
    twins = frozenset(ids[::7]) if len(ids) % 2 else frozenset()
    names = {name for _, name, _ in instances(ids, twins)}
    pattern = re.compile(pods("web", instances(ids, twins)))
    for i in {*ids, *(i + 1 for i in ids), *(i * 10 for i in ids), 0, 10_000}:
        for name in (f"web-{i}", f"web-{i}-s"):
            assert bool(pattern.fullmatch(name)) is (name in names)
    assert "\\" not in pattern.pattern
    assert '"' not in pattern.pattern
