"""A tiny web server in several versions: one image layer; the environment selects the version.

| tag | what it does |
|---|---|
| `1`, `2`, `3` | answers `GET /` with its tag, instance and pod, `GET /healthz` with 200 |
| `unready` | the same, but `/healthz` is 404 |
| `crash` | writes the cause to the termination log and exits with code 3 |

The port is 8080. With a volume at /data the server stores its starts there, and answers `/starts`
with them.
"""

from __future__ import annotations

from pathlib import Path

from hack.e2e import images

PORT = 8080
TAGS = ("1", "2", "3", "unready", "crash")
EXIT_CODE = 3
LAST_WORDS = "the settings are of another version"

_SERVER = f"""\
#!/bin/sh
if [ "$VERSION" = crash ]; then
    echo "{LAST_WORDS}" > /dev/termination-log
    exit {EXIT_CODE}
fi
echo "$VERSION $ECHELON_INSTANCE $(hostname)" > /www/index.html
[ "$VERSION" = unready ] || echo ok > /www/healthz
if [ -d /data ]; then
    echo "$VERSION" >> /data/starts
    cat /data/starts > /www/starts
fi
# The first process of a container exits at SIGTERM only if it has a handler.
httpd -f -p {PORT} -h /www &
trap 'kill $!; sleep 0.2; exit 0' TERM
wait $!
"""


def image(tag: str) -> str:
    """The image name of a version. Images of tags outside TAGS do not exist."""
    return f"{images.REGISTRY}/web:{tag}"


def layer(folder: Path) -> images.Layer:
    """The layer that all versions share."""
    server = images.Entry("bin/web", _SERVER.encode())
    return images.busybox(folder / "web-layer.tar", server)


def version(files: images.Layer, name: str, tag: str) -> images.Image:
    """An image with any name that behaves like ``tag``."""
    config = {"Entrypoint": ["/bin/web"], "Env": ["PATH=/bin", f"VERSION={tag}"]}
    return images.Image(name, [files], config)


def archive(folder: Path) -> Path:
    """Write all versions to one archive."""
    files = layer(folder)
    return images.archive(folder / "web.tar", [version(files, image(tag), tag) for tag in TAGS])
