"""``python -m hack.govet``: gofmt and go vet on the Go code, with the flags of the build.

With other flags Go would compile all of Kubernetes a second time.
"""

from __future__ import annotations

import os
import subprocess
import sys

from hack.devcluster.build import GO_FLAGS, HERE
from hack.devcluster.progress import ticking

#: The modules with Go code of the project.
MODULES = (HERE, HERE.parent / "integrations")


def main() -> int:
    """Returns 1 if a file is not formatted or go vet reports a problem."""
    environment = os.environ | {"CGO_ENABLED": "0"}
    flags = [flag for flag in GO_FLAGS if flag != "-buildvcs=false"]
    try:
        unformatted = subprocess.run(
            ["gofmt", "-l", *(str(module / "cmd") for module in MODULES)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        if unformatted:
            print(f"not formatted by gofmt:\n{unformatted}", file=sys.stderr)
        vet = ["go", "vet", *flags, "./cmd/..."]
        with ticking("go vet (the first run compiles Kubernetes)"):
            vetted = [
                subprocess.run(
                    vet, cwd=module, env=environment, capture_output=True, text=True, check=False
                )
                for module in MODULES
            ]
    except FileNotFoundError as error:
        print(f"{error.filename} is not on the PATH; install Go", file=sys.stderr)
        return 1
    failed = [each for each in vetted if each.returncode]
    for each in failed:
        print(each.stderr.strip(), file=sys.stderr)
    return 1 if unformatted or failed else 0


if __name__ == "__main__":
    sys.exit(main())
