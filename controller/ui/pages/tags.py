"""The tags of images beside revisions, where one image tells the revisions apart."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from controller.api.job import Job
from controller.core.revisions.revision import images
from controller.ui.store import Store
from controller.view.jobs import JobRow

#: Characters of a digest that are shown.
_DIGEST: Final = 14


def known_images(
    job: Job, row: JobRow, store: Store, *, with_pods: bool
) -> dict[str, Collection[str]]:
    """The images of the revisions that instances run, and of the present template, as far as they
    are known without reading revisions. ``with_pods``: the viewer may see pods."""
    found: dict[str, Collection[str]] = {}
    if row.template and job.status.observed_generation >= job.metadata.generation:
        found[row.template] = images(job.spec.template)
    for bad in job.status.known_bad:
        if bad.revision in row.revisions:
            found.setdefault(bad.revision, bad.images)
    for revision, ids in row.revisions.items() if with_pods else ():
        if revision not in found and ids:
            seen = store.pod(row.namespace, f"{row.name}-{next(iter(ids))}")
            if seen is not None and seen.pod.revision == revision:
                found[revision] = seen.images
    return found


def tags(images_of: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Revision -> tag, if exactly one image differs between the revisions; else nothing. Images are
    the same if the last parts of their names are: an image may move to another registry, and a pod
    may have containers that its template has not."""
    read = {revision: dict(map(split, found)) for revision, found in images_of.items()}
    common = set.intersection(*(set(each) for each in read.values())) if read else set()
    changed = [name for name in common if len({each[name] for each in read.values()}) > 1]
    if len(changed) != 1:
        return {}
    return {revision: each[changed[0]] for revision, each in read.items()}


def split(image: str) -> tuple[str, str]:
    """The last part of the name of an image, and its tag: ``quay.io/acme/web:1.5`` as ``web`` and
    ``1.5``. Of an image with a digest and no tag, the beginning of the digest."""
    whole, _, digest = image.partition("@")
    name, _, tag = whole.rpartition("/")[2].partition(":")
    return name, tag or digest[:_DIGEST] or "latest"
