"""Requests and limits of containers."""

from __future__ import annotations

from controller.api.pods.resources import agree, resources_of, same_amounts


def test_an_absent_request_equals_the_limit() -> None:
    given = {
        "requests": {"cpu": "1", "gpu": "1"},
        "limits": {"cpu": "2", "memory": "1Gi"},
    }
    assert resources_of({"resources": given}) == {
        "requests": {"cpu": "1", "memory": "1Gi"},
        "limits": {"cpu": "2", "memory": "1Gi"},
    }
    assert resources_of({}) == {"requests": {}, "limits": {}}


def test_amounts_are_compared_and_absent_is_an_amount() -> None:
    one = resources_of({"resources": {"requests": {"cpu": "1", "memory": "1Gi"}}})
    assert same_amounts(
        one, resources_of({"resources": {"requests": {"cpu": "1000m", "memory": "1Gi"}}})
    )
    assert not same_amounts(one, resources_of({"resources": {"requests": {"cpu": "1"}}}))
    assert same_amounts(one, resources_of({"resources": {"requests": {"cpu": "1"}}}), ["cpu"])


def test_what_only_one_of_them_states_is_no_disagreement() -> None:
    assert agree({"requests": {"cpu": "1"}}, {"requests": {"memory": "1Gi"}, "limits": None})
    assert agree(None, {"requests": {"cpu": "1"}})
    assert not agree({"limits": {"cpu": "1"}}, {"limits": {"cpu": "2"}})
