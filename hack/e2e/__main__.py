"""A control plane with one real node and the operator of this tree, installed by its chart.

`python3 -m hack.e2e` runs until Ctrl-C. Pods can be asked at their addresses from this machine;
images are those of `webserver.py`: there is no registry to pull others from.
"""

from __future__ import annotations

import sys

from hack.devcluster.cluster import Cluster
from hack.e2e import operator_image, tools, webserver
from hack.e2e.node import NODE_ARGS, RealNode
from hack.e2e.release import Release


def main() -> None:
    try:
        tools.ensure()
    except tools.UnavailableError as error:
        sys.exit(f"e2e: {error}")
    made = Cluster(nodes=0, audit=True, controller_args=NODE_ARGS)
    with made as cluster, RealNode(cluster) as node:
        node.load(webserver.archive(node.dir))
        node.load(operator_image.archive(node.dir))
        Release(cluster).install()
        names = ", ".join(webserver.image(tag) for tag in webserver.TAGS)
        print(f"\n  export KUBECONFIG={cluster.kubeconfig}\n")
        print(f"kubectl: {cluster.binary('kubectl')}\nimages:  {names}", flush=True)
        cluster.watch()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
