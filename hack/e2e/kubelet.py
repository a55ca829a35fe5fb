"""The configuration of the real kubelet of a node in a box."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Setup:
    """The parameters of a kubelet. `server` is the API server's URL in the box."""

    node: str
    address: str
    server: str
    kubeconfig: Path
    client_ca: Path
    cgroup: str
    socket: Path


def write(setup: Setup, folder: Path) -> list[str]:
    """Write the kubelet's files into `folder`. Returns its flags."""
    folder.mkdir(parents=True)
    config, kubeconfig = folder / "config.json", folder / "kubeconfig.json"
    config.write_text(json.dumps(configuration(setup, folder), indent=2))
    identity = json.loads(setup.kubeconfig.read_text())
    identity["clusters"][0]["cluster"]["server"] = setup.server
    kubeconfig.touch(mode=0o600)
    kubeconfig.write_text(json.dumps(identity, indent=2))
    return [
        f"--config={config}",
        f"--kubeconfig={kubeconfig}",
        f"--root-dir={folder / 'root'}",
        f"--cert-dir={folder / 'certs'}",
        f"--hostname-override={setup.node}",
        f"--node-ip={setup.address}",
    ]


def configuration(setup: Setup, folder: Path) -> dict[str, Any]:
    endpoint = f"unix://{setup.socket}"
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": setup.address,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": False},
            "x509": {"clientCAFile": str(setup.client_ca)},
        },
        "authorization": {
            "mode": "AlwaysAllow"
        },  # clients with a certificate of the CA: the API server
        "containerRuntimeEndpoint": endpoint,
        "imageServiceEndpoint": endpoint,
        "failCgroupV1": False,
        "cgroupDriver": "cgroupfs",
        "cgroupsPerQOS": True,  # without it a resize makes the kubelet panic
        "cgroupRoot": f"/{setup.cgroup}",
        "enforceNodeAllocatable": ["pods"],
        "localStorageCapacityIsolation": False,
        # Small but above zero: a full disk of the machine must not cause evictions.
        "evictionHard": {
            "memory.available": "50Mi",
            "nodefs.available": "1%",
            "nodefs.inodesFree": "1%",
            "imagefs.available": "1%",
        },
        "imageGCHighThresholdPercent": 100,  # imported images cannot be pulled again
        "imageGCLowThresholdPercent": 99,
        "makeIPTablesUtilChains": False,
        "healthzPort": 0,
        "readOnlyPort": 0,
        "podLogsDir": str(folder / "logs"),
        "resolvConf": "",
        "clusterDNS": ["10.0.0.10"],  # no DNS server answers there: pods resolve no names
        "clusterDomain": "cluster.local",
        "failSwapOn": False,
        "maxPods": 110,
        "nodeLeaseDurationSeconds": 12,  # renewed every 3 s
        "nodeStatusUpdateFrequency": "2s",
        "syncFrequency": "10s",
        "shutdownGracePeriod": "0s",
        "kubeAPIQPS": 500,
        "kubeAPIBurst": 1000,
        "eventRecordQPS": 0,
        "registryPullQPS": 0,
        # Short back-offs for missing images and crashed containers.
        "crashLoopBackOff": {"maxContainerRestartPeriod": "10s"},
        "logging": {"verbosity": 1},
    }
