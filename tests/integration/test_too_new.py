"""Objects of a newer operator are not touched by an older one, until the newer one runs again."""

from __future__ import annotations

from hack.harness.audit import Audit
from hack.harness.manifests import condition, is_true, job
from hack.harness.operator import USER, Operator
from hack.harness.space import Space


def test_a_revision_of_a_newer_operator_leaves_its_job_alone(
    space: Space, operator: Operator, audit: Audit
) -> None:
    space.made(job(instances=2))
    operator.stop()
    (plain,) = space.revisions()
    newer = {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": "web-newer",
            "labels": plain["metadata"]["labels"],
            "ownerReferences": plain["metadata"]["ownerReferences"],
        },
        "data": {**plain["data"], "echelon": {"lifecycle": {"leave": {}}}},
        "revision": 2,
    }
    space.api.create(f"/apis/apps/v1/namespaces/{space.name}/controllerrevisions", newer)
    assigned = [{"revision": "web-newer", "instances": "0-1"}]
    # A field of the newer operator, which the older schema keeps.
    status = {"assigned": assigned, "currentRevision": "web-newer", "frozen": "1"}
    space.write_status(status)
    operator.start()
    found = space.wait_job(
        "left alone", lambda j: condition(j, "Stalled").get("reason") == "TooNew"
    )
    assert (
        "ControllerRevision web-newer: data.echelon.lifecycle"
        in condition(found, "Stalled")["message"]
    )
    space.delete_pod("web-1")
    space.until("web-1 is gone", lambda: 1 not in space.pods())
    space.patch_job(instances=5)
    space.wait_job(
        "seen", lambda j: j["status"]["observedGeneration"] == j["metadata"]["generation"]
    )
    assert set(space.pods()) == {0}
    assert space.updates() == []
    after = space.job()["status"]
    assert {k: after[k] for k in status} == status

    # The newer operator has reduced it to a template again.
    back = {"assigned": [{"revision": plain["metadata"]["name"], "instances": "0-1"}]}
    status = {**back, "currentRevision": plain["metadata"]["name"]}
    space.write_status(status)
    space.wait_job("at work again", lambda j: is_true(j, "Ready"))
    assert len(space.pods()) == 5
    deleted = [r for r in audit.requests(user=USER, namespace=space.name) if r.verb == "delete"]
    assert deleted == []
