"""The chart's roles are sufficient for the operator, contain no unused rule, and serve users."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from hack.availability import ROOT, functions
from hack.devcluster.cluster import Cluster
from hack.harness.audit import Audit, Request, named
from hack.harness.manifests import job, sim
from tests.chart.grant import grant
from tests.chart.helm import Object, render
from tests.chart.release import Jobs, Release
from tests.chart.unseen import UNSEEN, Right

OPERATORS = ("echelon", "echelon-lease")
PRUNING: dict[str, Any] = {"updateHistoryLimit": 1, "revisionHistoryLimit": 1}
#: Before and after a resize; only Recreate can add resources where there were none.
SMALL, LARGE = ({"requests": {"cpu": cpu, "memory": "16Mi"}} for cpu in ("10m", "20m"))
#: Admission checks them where owner references are written; there is no request.
UNASKED: set[Right] = {("update", "echelonjobs/finalizers"), ("delete", "persistentvolumeclaims")}


def exercise(release: Release, jobs: Jobs) -> None:
    """Make the operator do all its writes, with a restart in the middle."""
    with release.operator():
        jobs.make(**PRUNING)
        jobs.roll("app:2", "RolledForward")
        jobs.roll("app:3-crash-loop", "RolledBack")
        assert jobs.images() == {"app:2"}
        jobs.roll("app:1", "RolledForward", resources=SMALL)
        resize(jobs)
        remove_labels(jobs)
        jobs.roll("app:4-never-ready", "RollingForward")
    with release.operator():
        undo(jobs)
        active = jobs.roll("app:5-never-ready", "RollingForward")["metadata"]["name"]
        jobs.cluster.api.delete(jobs.path("updates", active))
        jobs.wait("no lock", lambda: lock(jobs) is None)
        jobs.wait("pruning", lambda: len(jobs.all("updates")) <= 2)
        be_adopted(jobs)
        jobs.cluster.api.delete(jobs.path("echelonjobs", "web"))
        jobs.wait("the end", lambda: not jobs.all("pods"))
        claim(jobs)


def claim(jobs: Jobs) -> None:
    """Make claims, which get no volume here, and let the pods that go take them along."""
    data = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Mi"}}}}  # fmt: skip
    policy = {"persistentVolumeClaimRetentionPolicy": {"whenScaled": "Delete"}}
    wish = job("db", instances=2, volumeClaimTemplates=[data], **policy)
    jobs.cluster.api.create(jobs.path("echelonjobs"), wish)
    jobs.wait("the pods", lambda: len(jobs.all("pods")) == 2)
    jobs.cluster.api.patch(jobs.path("echelonjobs", "db"), {"spec": {"instances": 0}})
    jobs.wait("no pods", lambda: not jobs.all("pods"))
    jobs.wait("no claims", lambda: not jobs.all("persistentvolumeclaims"))
    jobs.cluster.api.delete(jobs.path("echelonjobs", "db"))


def resize(jobs: Jobs) -> None:
    """Change resources in place, then replace pods again."""
    before = {pod["metadata"]["uid"] for pod in jobs.all("pods")}
    jobs.cluster.api.patch(jobs.path("echelonjobs", "web"), replacement("InPlace"))
    jobs.roll("app:1", "RolledForward", resources=LARGE)
    pods = jobs.all("pods")
    assert {pod["metadata"]["uid"] for pod in pods} == before
    assert all(pod["spec"]["containers"][0]["resources"] == LARGE for pod in pods)
    jobs.cluster.api.patch(jobs.path("echelonjobs", "web"), replacement(None))


def replacement(how: str | None) -> Object:
    return {"spec": {"update": {"replacement": how}}}


def remove_labels(jobs: Jobs) -> None:
    """Remove a pod's labels; the operator repairs the pod."""
    pod = jobs.path("pods", "web-0")
    uid = jobs.cluster.api.get(pod)["metadata"]["uid"]
    jobs.cluster.api.patch(pod, {"metadata": {"labels": {"echelon.dev/job": None}}})
    jobs.wait(
        "the label",
        lambda: "echelon.dev/job" in jobs.cluster.api.get(pod)["metadata"]["labels"],
    )
    assert jobs.cluster.api.get(pod)["metadata"]["uid"] == uid


def undo(jobs: Jobs) -> None:
    """Let the active update fail; an operator started later creates the former pods."""
    crash = {"metadata": {"annotations": sim(behaviour="crash-loop")}}
    jobs.wait("a new pod", lambda: "app:4-never-ready" in jobs.images())
    for pod in jobs.all("pods"):
        if image(pod) == "app:4-never-ready":
            jobs.cluster.api.patch(jobs.path("pods", pod["metadata"]["name"]), crash)
    jobs.wait("the rollback", lambda: lock(jobs) is None)
    assert jobs.images() == {"app:1"}


def be_adopted(jobs: Jobs) -> None:
    """Delete the Job without its pods and revisions, and create it again: it adopts them."""
    path = jobs.path("echelonjobs", "web")
    there = jobs.cluster.api.get(path)
    jobs.cluster.api.delete(path, {"propagationPolicy": "Orphan"})
    jobs.wait("no Job", lambda: not jobs.all("echelonjobs"))
    jobs.cluster.api.create(
        jobs.path("echelonjobs"), {**there, "metadata": {"name": "web"}, "status": None}
    )
    jobs.wait("adoption", lambda: all(map(owned, jobs.all("pods"))))
    jobs.wait("revisions", lambda: any(map(owned, jobs.all("controllerrevisions"))))


def owned(obj: Object) -> bool:
    return bool(obj["metadata"].get("ownerReferences"))


def image(pod: Object) -> str:
    return str(pod["spec"]["containers"][0]["image"])


def lock(jobs: Jobs) -> str | None:
    status = jobs.cluster.api.get(jobs.path("echelonjobs", "web"))["status"]
    return (status.get("activeUpdate") or {}).get("name")


def granted(rules: Iterable[Object]) -> Iterator[Right]:
    for rule in rules:
        (group,) = rule["apiGroups"]
        for resource in rule["resources"]:
            yield from ((verb, named(resource, group)) for verb in rule["verbs"])


def used(requests: Iterable[Request]) -> set[Right]:
    return {(r.verb, f"{r.resource}/{r.subresource}".rstrip("/")) for r in requests if r.resource}


def refused(requests: Iterable[Request]) -> list[str]:
    return [str(r) for r in requests if r.code in (401, 403)]


def test_cluster_wide_the_role_is_enough_and_not_more(cluster: Cluster, installed: Release) -> None:
    # From an operator of another test.
    lease = ("lease", "echelon", "--namespace", installed.namespace)
    cluster.kubectl("delete", *lease, "--ignore-not-found")
    audit = Audit(cluster.audit_log)
    exercise(installed, Jobs(cluster, "all-a"))
    requests = audit.requests(user=installed.user)
    assert refused(requests) == []
    rules = [
        rule
        for role in render()
        if role["kind"] in ("ClusterRole", "Role") and role["metadata"]["name"] in OPERATORS
        for rule in role["rules"]
    ]
    assert set(granted(rules)) - used(requests) == {*UNASKED, *UNSEEN}
    assert used(requests) - set(granted(rules)) == set()


def test_what_is_granted_and_not_seen_here_is_seen_elsewhere() -> None:
    for test in UNSEEN.values():
        file, _, function = test.partition("::")
        assert function in functions(ROOT / file), test


def test_roles_of_some_namespaces_are_enough(cluster: Cluster, installed: Release) -> None:
    assert installed.name == "echelon", "a second release does not install the CRDs"
    one, other, foreign = (Jobs(cluster, name) for name in ("team-1", "team-2", "team-3"))
    second = Release(
        cluster,
        "teams",
        "teams-system",
        {
            "fullnameOverride": "teams",
            "watchNamespaces": ["team-1", "team-2"],
            "crds.install": False,
            "rbac.aggregateRoles": False,
        },
    )
    second.install("--create-namespace")
    audit = Audit(cluster.audit_log)
    cluster.api.create(foreign.path("echelonjobs"), job())
    cluster.api.create(other.path("echelonjobs"), job())
    exercise(second, one)
    assert len(other.all("pods")) == 3
    requests = audit.requests(user=second.user)
    assert refused(requests) == []
    assert {r.namespace for r in requests if r.resource} == {"team-1", "team-2", "teams-system"}
    assert foreign.all("pods") == []
    second.uninstall()


def test_with_shards_the_role_covers_each_lease(cluster: Cluster, installed: Release) -> None:
    assert installed.name == "echelon", "a second release does not install the CRDs"
    release = Release(
        cluster,
        "cut",
        "cut-system",
        {
            "fullnameOverride": "cut",
            "watchNamespaces": ["cut-1"],
            "leaderElection.shards": 3,
            "crds.install": False,
            "rbac.aggregateRoles": False,
        },
    )
    jobs = Jobs(cluster, "cut-1")
    release.install("--create-namespace")
    audit = Audit(cluster.audit_log)
    with release.operator() as operator:
        leads = [f'echelon_leader{{shard="{shard}"}} 1.0' for shard in range(3)]
        operator.wait("all shards", lambda: all(each in operator.metrics() for each in leads))
        jobs.make()
        assert operator.stop() == 0
    requests = audit.requests(user=release.user)
    assert refused(requests) == []
    assert {r.name for r in requests if r.resource == "leases" and r.verb == "patch"} == {
        "cut", "cut-0", "cut-1", "cut-2"
    }  # fmt: skip
    release.uninstall()


def allowed(cluster: Cluster, user: str, namespace: str, verb: str, resource: str) -> bool:
    plural, _, sub = resource.partition("/")
    asked: dict[str, Any] = {
        "namespace": namespace,
        "verb": verb,
        "group": "echelon.dev",
        "resource": plural,
        "subresource": sub,
    }
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": user, "resourceAttributes": asked},
    }
    path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    return bool(cluster.api.create(path, review)["status"]["allowed"])


MAY = {
    "view": {("get", "echelonjobs"), ("watch", "updates"), ("get", "echelonjobs/scale")},
    "edit": {("create", "updates"), ("patch", "echelonjobs"), ("patch", "echelonjobs/scale")},
    "admin": {("update", "echelonjobs/finalizers")},
    "nobody": {("patch", "echelonjobs/status"), ("patch", "updates/status")},
}


def test_kubernetes_own_roles_see_and_change_jobs(cluster: Cluster, installed: Release) -> None:
    assert installed
    Jobs(cluster, "users")
    may: set[Right] = set()
    for role in ("view", "edit", "admin"):
        may |= MAY[role]
        binding = f"{role}s", "--clusterrole", role, "--user", role, "--namespace", "users"
        cluster.kubectl("create", "rolebinding", *binding)
        for right in may:
            probe = partial(allowed, cluster, role, "users", *right)
            cluster.wait(f"{role} may {right}", probe)
        for right in {r for rights in MAY.values() for r in rights} - may:
            assert not allowed(cluster, role, "users", *right), (role, right)


def test_no_role_of_the_chart_reads_secrets() -> None:
    resources = {r for o in render() for rule in o.get("rules", ()) for r in rule["resources"]}
    assert resources
    assert not resources & {"secrets", "*"}


def test_a_test_can_give_its_operator_just_these_roles(cluster: Cluster) -> None:
    namespace = Jobs(cluster, "granted").namespace
    assert not allowed(cluster, "somebody", namespace, "patch", "echelonjobs/status")
    grant(cluster, "somebody", ["first", "second"])
    assert allowed(cluster, "somebody", namespace, "patch", "echelonjobs/status")
    assert not allowed(cluster, "somebody", namespace, "patch", "echelonjobs")
    for lease in ("first", "second"):
        may = ("auth", "can-i", "patch", f"leases/{lease}", "-n", "kube-system")
        assert cluster.kubectl(*may, "--as=somebody").strip() == "yes"
