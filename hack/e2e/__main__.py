"""A control plane with one real node and the operator of this tree, installed by its chart.

`python3 -m hack.e2e` runs until Ctrl-C. Pods can be reached at their addresses from this machine.
The images are those of `webserver.py`; there is no registry for others. With `--prepare` it only
installs and builds missing programs, so that no test has to wait for them.
"""

from __future__ import annotations

import argparse
import sys

from hack.devcluster.build import TARGETS, BuildError, binary
from hack.devcluster.cluster import Cluster
from hack.e2e import operator_base, operator_image, tools, webserver
from hack.e2e.node import NODE_ARGS, RealNode
from hack.e2e.release import Release


def main() -> None:
    parser = argparse.ArgumentParser(prog="hack.e2e", description=__doc__)
    parser.add_argument("--prepare", action="store_true", help="only install and build")
    only_prepare = parser.parse_args().prepare
    try:
        prepare()
    except tools.UnavailableError as error:
        # The tests report this themselves and are skipped.
        sys.exit(None if only_prepare else f"e2e: {error}")
    except (BuildError, operator_base.ImageError) as error:
        sys.exit(f"e2e: {error}")
    if not only_prepare:
        run()


def prepare() -> None:
    """Do all steps that take long the first time."""
    tools.ensure()
    for program in ("kubelet", "helm", *TARGETS["control-plane"]):
        binary(program)
    operator_base.base()


def run() -> None:
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
