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
        (PODS.path("ns", "../../x/pods/a"), "/api/v1/namespaces/ns/pods/..%2F..%2Fx%2Fpods%2Fa"),
        (PODS.path("ns", "a?b#c%d"), "/api/v1/namespaces/ns/pods/a%3Fb%23c%25d"),
        (PODS.path("ns", "a b\r\né"), "/api/v1/namespaces/ns/pods/a%20b%0D%0A%C3%A9"),
        (PODS.path("ns", ".."), "/api/v1/namespaces/ns/pods/%2E%2E"),
        (PODS.path("../x", "a"), "/api/v1/namespaces/..%2Fx/pods/a"),
    ],
)
def test_paths(path: str, expected: str) -> None:
    assert path == expected


def test_an_object_of_a_namespaced_resource_needs_its_namespace() -> None:
    with pytest.raises(ValueError, match="needs a namespace"):
        PODS.path(None, "a")


def test_without_a_name_no_object_is_meant_and_not_all_of_them() -> None:
    with pytest.raises(ValueError, match="without a name"):
        PODS.path("ns", "")


def test_api_version() -> None:
    assert PODS.api_version == "v1"
    assert JOBS.api_version == "example.dev/v1"
