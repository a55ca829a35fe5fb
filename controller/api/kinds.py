"""The API resources of Echelon's own kinds."""

from __future__ import annotations

from typing import Final

from controller.api import job, maintenance, update
from controller.api.labels import GROUP, VERSION
from controller.resource import Resource

JOBS: Final = Resource(GROUP, VERSION, "echelonjobs", job.KIND)
UPDATES: Final = Resource(GROUP, VERSION, "updates", update.KIND)
MAINTENANCES: Final = Resource(GROUP, VERSION, "maintenances", maintenance.KIND, namespaced=False)
