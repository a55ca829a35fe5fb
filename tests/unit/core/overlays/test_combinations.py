"""Which instances have which overlays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.api.ids import Ids
from controller.api.overlay import Overlay
from controller.core.overlays.combinations import ALL, combinations
from controller.core.overlays.problem import RefusedError


def overlay(name: str, instances: str | None = None, match: str | None = None) -> Overlay:
    return Overlay(name=name, instances=instances, match=match, patch={})


def found(*overlays: Overlay) -> dict[str, str]:
    pairs = combinations(overlays, "web", "shop")
    return {" ".join(each.name for each in those): str(ids) for those, ids in pairs}


def test_overlays_split_the_ids() -> None:
    assert found(overlay("a", "0-9"), overlay("b", match="instance % 2 == 0 && instance < 14")) == {
        "": "11,13-9999",
        "a": "1,3,5,7,9",
        "b": "10,12",
        "a b": "0,2,4,6,8",
    }


def test_no_instance_without_an_overlay() -> None:
    assert found(overlay("a", match="true"), overlay("b", "5")) == {"a": "0-4,6-9999", "a b": "5"}


def test_an_overlay_of_no_instance() -> None:
    assert found(overlay("a", ""), overlay("b", match="job == 'x'")) == {"": "0-9999"}


@given(st.lists(st.sets(st.integers(0, 20)), max_size=4))
def test_each_id_has_the_overlays_that_select_it(sets: list[set[int]]) -> None:
    overlays = [overlay(f"o{n}", str(Ids(ids))) for n, ids in enumerate(sets)]
    pairs = combinations(overlays, "web", "shop")
    assert sum(len(ids) for _, ids in pairs) == len(ALL)
    for those, ids in pairs:
        for i in [i for i in range(25) if i in ids]:
            assert those == tuple(o for o, of in zip(overlays, sets, strict=True) if i in of)


def test_sixteen_combinations_and_the_instances_without_any() -> None:
    assert len(found(*(overlay(f"o{i}", str(i)) for i in range(16)))) == 17
    bits = [overlay(f"bit{i}", match=f"instance / {2**i} % 2 == 1") for i in range(5)]
    assert len(found(*bits[:4])) == 16
    with pytest.raises(RefusedError) as error:
        found(*bits)
    assert error.value.reason == "TooManyCombinations"
    assert str(error.value) == (
        "spec.overlays[bit4]: with it, the ids 0 to 9999 have more than 16 combinations of overlays"
    )


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (overlay("a"), "spec.overlays[a]: set exactly one of instances and match"),
        (overlay("a", "1", "true"), "spec.overlays[a]: set exactly one of instances and match"),
        (overlay("a", "3-1"), "spec.overlays[a].instances: '3-1' in '3-1': ids must ascend"),
        (overlay("a", "10000"), "spec.overlays[a].instances: '10000': the highest instance id"),
        (overlay("a", match="1"), "spec.overlays[a].match: it gives a int"),
    ],
)
def test_what_selects_no_ids_is_refused(wrong: Overlay, words: str) -> None:
    with pytest.raises(RefusedError) as error:
        found(wrong)
    assert error.value.reason == "InvalidOverlay"
    assert str(error.value).startswith(words)
