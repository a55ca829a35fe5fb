"""The command lines of a control plane, one function per program.

The request limits of the programs' clients and of the API server are raised, so that tests and
benchmarks measure the operator and not a default of 20 requests per second. All programs listen
only on 127.0.0.1.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

NODE_GRACE_SECONDS = 12  # a node without heartbeats for this long is Unknown

_AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "None", "namespaces": ["kube-node-lease"]},
        {"level": "Metadata"},
    ],
}


@dataclass(frozen=True)
class Layout:
    """The folders of a cluster, and its ports on 127.0.0.1."""

    dir: Path
    api_port: int
    etcd_port: int
    peer_port: int

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.api_port}"

    @property
    def certs(self) -> Path:
        return self.dir / "certs"

    @property
    def audit_log(self) -> Path:
        return self.dir / "audit.log"

    @property
    def tokens(self) -> Path:
        """The file of the tokens: one user on each line."""
        return self.dir / "tokens.csv"

    def kubeconfig(self, user: str) -> Path:
        return self.dir / f"{user}.kubeconfig"


def commands(layout: Layout, *, nodes: int, audit: bool, watch_cache: bool) -> dict[str, list[str]]:
    """The command line of each program, in the order of their start."""
    return {
        "etcd": etcd(layout),
        "kube-apiserver": apiserver(layout, audit=audit, watch_cache=watch_cache),
        "nodesim": nodesim(layout, nodes),
        "kube-controller-manager": controller_manager(layout),
        "kube-scheduler": scheduler(layout),
    }


def etcd(layout: Layout) -> list[str]:
    client, peer = (f"http://127.0.0.1:{p}" for p in (layout.etcd_port, layout.peer_port))
    return [
        f"--data-dir={layout.dir / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",  # a temporary store needs speed, not durability
        f"--quota-backend-bytes={8 << 30}",
        "--auto-compaction-mode=periodic",
        "--auto-compaction-retention=5m",
        "--log-level=warn",
    ]


def apiserver(layout: Layout, *, audit: bool, watch_cache: bool) -> list[str]:
    certs = layout.certs
    flags = [
        f"--etcd-servers=http://127.0.0.1:{layout.etcd_port}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",  # endpoints must not be loopback addresses
        f"--secure-port={layout.api_port}",
        f"--cert-dir={certs}",
        f"--tls-cert-file={certs / 'apiserver.crt'}",
        f"--tls-private-key-file={certs / 'apiserver.key'}",
        f"--client-ca-file={certs / 'ca.crt'}",
        f"--token-auth-file={layout.tokens}",
        f"--kubelet-client-certificate={certs / 'admin.crt'}",
        f"--kubelet-client-key={certs / 'admin.key'}",
        "--kubelet-preferred-address-types=InternalIP",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={certs / 'service-accounts.pub'}",
        f"--service-account-signing-key-file={certs / 'service-accounts.key'}",
        "--authorization-mode=Node,RBAC",
        "--allow-privileged=true",
        "--max-requests-inflight=4000",
        "--max-mutating-requests-inflight=2000",
        f"--watch-cache={str(watch_cache).lower()}",
    ]
    if audit:
        policy = layout.dir / "audit-policy.json"
        policy.write_text(json.dumps(_AUDIT_POLICY))
        flags += [f"--audit-policy-file={policy}", f"--audit-log-path={layout.audit_log}"]
        # In one file: 0 would mean 100 MB, and who counts requests would miss those before.
        flags.append("--audit-log-maxsize=1000000")
    return flags


def controller_manager(layout: Layout) -> list[str]:
    certs = layout.certs
    return [
        f"--kubeconfig={layout.kubeconfig('kube-controller-manager')}",
        "--leader-elect=false",
        "--secure-port=0",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
        "--concurrent-gc-syncs=40",
        "--node-monitor-period=1s",
        f"--node-monitor-grace-period={NODE_GRACE_SECONDS}s",
        "--use-service-account-credentials=false",
        f"--service-account-private-key-file={certs / 'service-accounts.key'}",
        f"--root-ca-file={certs / 'ca.crt'}",
        f"--cluster-signing-cert-file={certs / 'ca.crt'}",
        f"--cluster-signing-key-file={certs / 'ca.key'}",
    ]


def scheduler(layout: Layout) -> list[str]:
    config = layout.dir / "scheduler.json"
    config.write_text(
        json.dumps(
            {
                "apiVersion": "kubescheduler.config.k8s.io/v1",
                "kind": "KubeSchedulerConfiguration",
                "leaderElection": {"leaderElect": False},
                "clientConnection": {
                    "kubeconfig": str(layout.kubeconfig("kube-scheduler")),
                    "qps": 5000,
                    "burst": 10000,
                },
                # A short back-off: a pod may wait for a node that was just created.
                "podInitialBackoffSeconds": 1,
                "podMaxBackoffSeconds": 2,
            }
        )
    )
    return [f"--config={config}", "--secure-port=0"]


def nodesim(layout: Layout, nodes: int) -> list[str]:
    return [f"--kubeconfig={layout.kubeconfig('nodesim')}", f"--nodes={nodes}"]
