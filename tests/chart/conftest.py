"""One control plane for the tests of the chart, with strict security settings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hack.devcluster.cluster import Cluster
from tests.chart.dry_run import DryRun
from tests.chart.helm import NAMESPACE, RELEASE
from tests.chart.release import Release

#: On such a cluster an owner reference to a Job needs the permission to update its finalizers.
STRICT = ("--enable-admission-plugins=OwnerReferencesPermissionEnforcement",)
#: Pod Security refuses pods that do not comply with the profile `restricted`.
RESTRICTED = f"""
apiVersion: v1
kind: Namespace
metadata:
  name: {NAMESPACE}
  labels: {{pod-security.kubernetes.io/enforce: restricted}}
"""


@pytest.fixture(scope="package")
def cluster() -> Iterator[Cluster]:
    """A cluster with the users of the tests, who have no rights yet."""
    with Cluster(nodes=3, audit=True, api_args=STRICT, users=["alice", "bob"]) as cluster:
        yield cluster


@pytest.fixture(scope="package")
def installed(cluster: Cluster) -> Release:
    """The chart with its default values, in a namespace with Pod Security `restricted`."""
    return strictly_installed(cluster)


def strictly_installed(cluster: Cluster) -> Release:
    release = Release(cluster, RELEASE, NAMESPACE)
    cluster.kubectl("apply", "-f", "-", input=RESTRICTED)
    release.install()
    return release


@pytest.fixture(scope="package")
def dry_run(cluster: Cluster) -> DryRun:
    return DryRun(cluster)


@pytest.fixture(scope="module")
def fresh_cluster() -> Iterator[Cluster]:
    """A cluster for tests that uninstall the chart."""
    with Cluster(nodes=3, audit=True, api_args=STRICT) as cluster:
        yield cluster
