"""The name of this process among the replicas."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Mapping


def default_identity(environ: Mapping[str, str] = os.environ) -> str:
    """The identity of this process in the Lease.

    In a pod that knows its uid (``POD_NAME``, ``POD_UID``), a restarted container has the same
    identity and gets its Lease back at once. That is safe, because two processes of one container
    never run at the same time. Elsewhere every process has an identity of its own.
    """
    host = environ.get("POD_NAME") or socket.gethostname()
    return f"{host}_{environ.get('POD_UID') or uuid.uuid4()}"
