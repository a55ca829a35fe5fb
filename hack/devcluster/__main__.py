"""`python3 -m hack.devcluster`: runs a cluster until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from hack.devcluster.build import BuildError
from hack.devcluster.cluster import Cluster, ClusterError

CRDS = Path(__file__).resolve().parents[2] / "crds"


def _end(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)


def programs(cluster: Cluster) -> str:
    """The folders of kubectl and of echelon, as in PATH."""
    folders = (cluster.binary("kubectl").parent, Path(sys.executable).parent)
    return os.pathsep.join(map(str, folders))


def main() -> None:
    parser = argparse.ArgumentParser(prog="hack.devcluster", description=__doc__)
    parser.add_argument("--nodes", type=int, default=10, help="simulated nodes (10)")
    parser.add_argument("--dir", type=Path, help="folder for all files; it is kept")
    parser.add_argument("--audit", action="store_true", help="log every request to audit.log")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGHUP, _end)
    begun = time.monotonic()
    try:
        with Cluster(options.nodes, options.dir, audit=options.audit) as cluster:
            if crds := sorted(CRDS.glob("*.yaml")):
                cluster.kubectl("apply", *(f"--filename={path}" for path in crds))
            taken = time.monotonic() - begun
            print(f"Kubernetes with {options.nodes} simulated nodes, ready in {taken:.1f} s.\n")
            print(f"    export KUBECONFIG={cluster.kubeconfig}")
            print(f"    export PATH={programs(cluster)}:$PATH\n")
            print(f"    logs are in {cluster.log_dir}\n")
            print("Press Ctrl-C to stop and remove the cluster.", flush=True)
            cluster.watch()
    except (BuildError, ClusterError) as error:
        sys.exit(f"devcluster: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
