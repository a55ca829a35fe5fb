import pytest

from controller.kube.resources import EVENTS, NAMESPACES, PODS
from controller.resource import Resource

JOBS = Resource("example.dev", "v1", "jobs", "Job")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (PODS.path(), "/api/v1/pods"),
        (PODS.path("ns"), "/api/v1/namespaces/ns/pods"),
        (PODS.path("ns", "a"), "/api/v1/namespaces/ns/pods/a"),
        (PODS.path("ns", "a", "status"), "/api/v1/namespaces/ns/pods/a/status"),
        (JOBS.path("ns", "a", "scale"), "/apis/example.dev/v1/namespaces/ns/jobs/a/scale"),
        (EVENTS.path("ns"), "/apis/events.k8s.io/v1/namespaces/ns/events"),
        (NAMESPACES.path(None, "ns"), "/api/v1/namespaces/ns"),
    ],
)
def test_paths(path: str, expected: str) -> None:
    assert path == expected


def test_an_object_of_a_namespaced_resource_needs_its_namespace() -> None:
    with pytest.raises(ValueError, match="needs a namespace"):
        PODS.path(None, "a")


def test_api_version() -> None:
    assert PODS.api_version == "v1"
    assert JOBS.api_version == "example.dev/v1"
