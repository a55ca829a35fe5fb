from __future__ import annotations

from controller.api.crds import all_crds
from controller.api.kinds import JOBS, MAINTENANCES, UPDATES


def test_the_api_server_serves_them_under_these_names() -> None:
    served = [crd["spec"] for crd in all_crds()]
    for resource, spec in zip((JOBS, UPDATES, MAINTENANCES), served, strict=True):
        assert resource.plural == spec["names"]["plural"]
        assert resource.kind == spec["names"]["kind"]
        assert resource.group == spec["group"]
        assert [resource.version] == [v["name"] for v in spec["versions"]]
        assert spec["scope"] == ("Namespaced" if resource.namespaced else "Cluster")


def test_where_they_live() -> None:
    jobs = "/apis/echelon.dev/v1alpha1/namespaces/ns/echelonjobs"
    assert JOBS.path("ns", "web", "status") == f"{jobs}/web/status"
    assert UPDATES.path("ns") == "/apis/echelon.dev/v1alpha1/namespaces/ns/updates"
    assert MAINTENANCES.path(None, "rack") == "/apis/echelon.dev/v1alpha1/maintenances/rack"
