"""``python -m hack.site`` builds the documents as a site. A warning is an error.

``--serve PORT`` then shows it on 127.0.0.1, until Ctrl-C. Needs the extra ``[docs]``.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from hack.docs import ROOT
from hack.site import built, pages


def build() -> list[str]:
    """Build the site. Returns its problems."""
    project = pages.project()
    source, site = (ROOT / project[name] for name in ("docs_dir", "site_dir"))
    for folder in (source, site):
        shutil.rmtree(folder, ignore_errors=True)
    pages.write(source)
    done = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--clean", "--strict"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode or "warning" in done.stdout.lower():
        return [done.stdout]
    return list(built.problems(site))


def serve(site: Path, port: int) -> None:
    """Show the site on 127.0.0.1 until Ctrl-C. Port 0: any free one."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        print(f"http://127.0.0.1:{server.server_port}/", flush=True)
        server.serve_forever()


def main() -> int:
    """Build the site, and with ``--serve`` show it. Returns 1 if something is wrong with it."""
    parser = argparse.ArgumentParser(
        prog="hack.site", description="Builds the documents as a site."
    )
    parser.add_argument("--serve", type=int, metavar="PORT", help="then show it on 127.0.0.1")
    options = parser.parse_args()
    found = build()
    for problem in found:
        print(problem, file=sys.stderr)
    if not found:
        print(ROOT / pages.project()["site_dir"])
    if options.serve is not None:
        try:
            serve(ROOT / pages.project()["site_dir"], options.serve)
        except KeyboardInterrupt:
            return 130
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
