"""The first process of a box: hides folders, brings the network up, then reaps orphans for ever.

It runs as a program of its own and uses only the standard library: `box_init.py READY FOLDER…`. It
writes the file READY when the box is ready.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path


def main() -> None:
    ready, *hidden = sys.argv[1:]
    for folder in hidden:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", folder], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    Path(ready).touch()
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            time.sleep(0.2)


if __name__ == "__main__":
    main()
