"""The operator for tests of several replicas.

Its user agent ends with its identity, so that the audit log tells whose request it is. SIGUSR1
blocks its main thread until SIGUSR2, as a fault of a library would.

python -m hack.harness.told_apart …     # arguments of ``python -m controller``
"""

from __future__ import annotations

import os
import signal
from typing import Any

from controller import app
from controller.__main__ import main


def block(*_: Any) -> None:
    signal.sigwait([signal.SIGUSR2])


if __name__ == "__main__":
    app.AGENT = f"{app.AGENT} {os.environ['POD_NAME']}"  # type: ignore[misc]
    signal.signal(signal.SIGUSR1, block)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])  # It would end the process.
    main()
