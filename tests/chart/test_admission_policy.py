"""The chart's policy records who changed an Update, and nobody can write another name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from controller.api.labels import ADMITTED, CHANGED_BY
from hack.devcluster.api import Api
from hack.devcluster.cluster import Cluster
from hack.harness.manifests import job, phase, template, update
from tests.chart.helm import Object, nested, one, render
from tests.chart.release import Jobs, Release

ON = "mutatingAdmissionPolicy.enabled"
KINDS = {"MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"}
#: The annotation of a user who pretends to be another user.
FORGED: Object = {"metadata": {"annotations": {CHANGED_BY: "mallory"}}}


@pytest.fixture(scope="module")
def release(cluster: Cluster, installed: Release) -> Iterator[Release]:
    """A release that serves one namespace, and records the users of changes there."""
    assert installed.name == "echelon", "a second release does not install the CRDs"
    Jobs(cluster, "stamped")
    values = {
        "fullnameOverride": "stamping",
        "watchNamespaces": ["stamped"],
        "crds.install": False,
        "rbac.aggregateRoles": False,
        ON: True,
    }
    release = Release(cluster, "stamping", "stamping-system", values)
    release.install("--create-namespace")
    yield release
    release.uninstall()
    # Delete its objects, too, because operators of other tests serve every namespace.
    cluster.kubectl("delete", "namespace", "stamped", "--timeout=180s")


@pytest.fixture(scope="module")
def jobs(release: Release) -> Jobs:
    return Jobs(release.cluster, "stamped")


@pytest.fixture(scope="module")
def as_user(jobs: Jobs) -> Callable[[str], Api]:
    """A client of a user with the role edit. Returned when the policy is in force for the user."""

    def made(name: str) -> Api:
        cluster = jobs.cluster
        allow(jobs, name)
        api = cluster.api_as(name)
        asked = jobs.path("updates") + "?dryRun=All"
        cluster.wait(
            f"{name} to be stamped",
            lambda: who(api.create(asked, update("probe"))) == name,
        )
        return api

    return made


@pytest.fixture(scope="module")
def alice(as_user: Callable[[str], Api]) -> Api:
    return as_user("alice")


@pytest.fixture(scope="module")
def bob(as_user: Callable[[str], Api]) -> Api:
    return as_user("bob")


def allow(jobs: Jobs, user: str) -> None:
    flags = ("--clusterrole=edit", f"--user={user}", f"--namespace={jobs.namespace}")
    jobs.cluster.kubectl("create", "rolebinding", user, *flags)


def who(obj: Object) -> str | None:
    found: str | None = obj["metadata"].get("annotations", {}).get(CHANGED_BY)
    return found


def test_who_made_it_and_who_changed_its_spec(jobs: Jobs, alice: Api, bob: Api) -> None:
    made = alice.create(jobs.path("updates"), update("spec"))
    assert who(made) == "alice"
    path = jobs.path("updates", "spec")
    assert who(bob.patch(path, {"spec": {"paused": True}})) == "bob"
    assert who(alice.patch(path, {"spec": {"paused": True}})) == "bob", "no new annotation"
    assert who(alice.patch(path, {"spec": {"action": "Rollback"}})) == "alice"


def test_nobody_is_somebody_else(jobs: Jobs, alice: Api, bob: Api) -> None:
    body = update("forged")
    body["metadata"] |= FORGED["metadata"]
    path = jobs.path("updates", "forged")
    assert who(alice.create(jobs.path("updates"), body)) == "alice"
    assert who(bob.patch(path, {"spec": {"paused": True}, **FORGED})) == "bob"
    assert who(alice.patch(path, FORGED)) == "bob"
    # The policy ignores the status; the API server ignores annotations in status writes.
    jobs.cluster.api.patch(f"{path}/status", FORGED)
    assert who(bob.get(path)) == "bob"


@pytest.mark.parametrize(
    "change",
    [
        {"labels": {"example.com/seen": "yes"}},
        {"annotations": {"echelon.dev/pulsed-at": "2026-01-01T00:00:00Z"}},
        {"annotations": {CHANGED_BY: None}},
        {"annotations": None},
    ],
    ids=json.dumps,
)
def test_without_a_change_of_spec_it_stays(
    jobs: Jobs, alice: Api, bob: Api, change: Object
) -> None:
    alice.create(jobs.path("updates"), update("labels"))
    try:
        changed = bob.patch(jobs.path("updates", "labels"), {"metadata": change})
        assert who(changed) == "alice"
        assert changed["metadata"].get("labels", {}) == change.get("labels", {})
    finally:
        alice.delete(jobs.path("updates", "labels"))


def test_what_the_operator_makes_is_nobodys_until_somebody_changes_it(
    release: Release, jobs: Jobs, alice: Api
) -> None:
    own = ("create", "--namespace", jobs.namespace, f"--as={release.user}", "-f", "-")
    jobs.cluster.kubectl(*own, input=json.dumps(update("operators")))
    path = jobs.path("updates", "operators")
    assert who(alice.get(path)) is None
    assert who(alice.patch(path, FORGED)) is None
    assert who(alice.patch(path, {"metadata": {"annotations": {"a": "b"}, **FORGED}})) is None
    assert who(alice.patch(path, {"spec": {"paused": True}})) == "alice"


def test_other_namespaces_are_not_its_business(jobs: Jobs, alice: Api) -> None:
    other = Jobs(jobs.cluster, "unstamped")
    allow(other, "alice")
    create = other.path("updates") + "?dryRun=All"
    other.wait("the role", lambda: alice.get(other.path("updates")))
    assert who(alice.create(create, update("foreign"))) is None


def test_the_history_names_users(release: Release, jobs: Jobs, alice: Api, bob: Api) -> None:
    def seen(wanted: str) -> Object:
        def probe() -> Object | None:
            found: Object = alice.get(jobs.path("updates", "mine"))
            return found if phase(found) == wanted else None

        found: Object = jobs.wait(wanted, probe)
        return found

    jobs.cluster.api.create(jobs.path("echelonjobs"), job(update={"mode": "Manual"}))
    path = jobs.path("updates", "mine")
    with release.operator():
        jobs.wait("pods", lambda: len(jobs.all("pods")) == 3)
        new = {"spec": {"template": template("app:2-never-ready")}}
        alice.patch(jobs.path("echelonjobs", "web"), new)
        alice.create(jobs.path("updates"), update("mine"))
        rolling = seen("RollingForward")
        assert ADMITTED in rolling["metadata"]["annotations"], (
            "the operator wrote to the Update, too"
        )
        assert who(rolling) == "alice"
        alice.patch(path, {"spec": {"paused": True}})
        assert seen("RollForwardPaused")["status"]["history"][0]["by"] == "alice"
        bob.patch(path, {"spec": {"action": "Abort"}})
        aborted = seen("Aborted")
        assert [entry["by"] for entry in aborted["status"]["history"][:2]] == ["bob", "alice"]


def test_it_is_there_when_asked_for_and_goes_by_the_releases_names() -> None:
    assert not KINDS & {o["kind"] for o in render()}
    given = {"fullnameOverride": "rollouts", "namespaceOverride": "ops", "serviceAccount.name": "x"}
    rendered = render(nested({**given, ON: True}))
    policy, binding = (one(rendered, kind, "rollouts") for kind in sorted(KINDS))
    assert binding["spec"] == {"policyName": "rollouts"}
    (excluded,) = policy["spec"]["matchConditions"]
    assert excluded["expression"].endswith("!= 'system:serviceaccount:ops:x'")
    assert "namespaceSelector" not in policy["spec"]["matchConstraints"]
    assert f"'{CHANGED_BY}'" in json.dumps(policy)
