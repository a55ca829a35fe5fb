"""Overlays merge patches as the API server does: the API server is the oracle.

For each case the API server patches a PodTemplate (a dry run) and is shown, in another dry run, the
template that we merged. Its two answers must be equal, so that its defaults are in both.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from controller.core.overlays.problem import PatchError
from controller.core.overlays.strategic_merge import merge
from hack.devcluster.api import Api, ApiError
from hack.devcluster.cluster import Cluster
from tests.unit.core.overlays.cases import case

Object = dict[str, Any]

CASES = 500
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def templates(cluster: Cluster) -> Iterator[str]:
    """The path of the PodTemplates of a namespace."""
    name = "strategic-merge"
    cluster.api.create("/api/v1/namespaces", {"metadata": {"name": name}})
    yield f"/api/v1/namespaces/{name}/podtemplates"
    cluster.api.delete(f"/api/v1/namespaces/{name}")


def created(api: Api, path: str, template: Object, query: str = "") -> Object:
    """The PodTemplate that the API server makes of a template."""
    body = {"metadata": {"name": f"t{next(_NUMBERS)}"}, "template": template}
    done: Object = api.create(f"{path}?fieldValidation=Strict{query}", body)
    return done


def by_server(api: Api, path: str, patch: Object) -> Object | None:
    """The patched template; None if the API server refuses the patch or the result."""
    try:
        answer = api.patch(f"{path}?dryRun=All", {"template": patch}, "strategic-merge-patch")
    except ApiError:
        return None
    found: Object = answer["template"]
    return found


def by_us(api: Api, path: str, template: Object, patch: Object) -> Object | None:
    """The template that we merge, with the API server's defaults; None if we or the API server
    refuse it."""
    try:
        answer = created(api, path, merge(template, patch), "&dryRun=All")
    except (ApiError, PatchError):
        return None
    found: Object = answer["template"]
    return found


def test_five_hundred_patches_have_the_result_of_the_api_server(
    cluster: Cluster, templates: str
) -> None:
    api, outcomes, wrong = cluster.api, Counter[str](), []
    for number in range(CASES):
        template, patch = case(number)
        stored = created(api, templates, template)
        expected = by_server(api, f"{templates}/{stored['metadata']['name']}", patch)
        outcomes["refused" if expected is None else "merged"] += 1
        # What the API server patches has its defaults already; what we merge mostly has not.
        old = stored["template"] if number % 4 == 0 else template
        if (made := by_us(api, templates, old, patch)) != expected:
            wrong.append((number, made, expected))
    assert not wrong, f"{len(wrong)} differ, the first: {wrong[0]}"
    assert outcomes["merged"] > CASES / 2, outcomes
    assert outcomes["refused"] > CASES / 20, outcomes


def test_what_a_patch_adds_is_as_the_api_server_stores_it(cluster: Cluster, templates: str) -> None:
    """Directives and nulls in what has no counterpart in the template."""
    template = {"spec": {"containers": [{"name": "web", "image": "web:1"}]}}
    new: Object = {
        "name": "new",
        "image": "new:1",
        "env": [{"name": "A", "value": None, "$patch": "delete"}],
        "$setElementOrder/env": [{"name": "A"}],
        "resources": {"limits": {"cpu": None}, "$retainKeys": ["limits"]},
    }
    patch = {
        "metadata": {"annotations": {"a": None, "b": "c"}},
        "spec": {"containers": [new], "securityContext": {"$patch": "replace", "runAsUser": 1}},
    }
    stored = created(cluster.api, templates, template)
    expected = by_server(cluster.api, f"{templates}/{stored['metadata']['name']}", patch)
    assert expected is not None
    assert by_us(cluster.api, templates, template, patch) == expected
