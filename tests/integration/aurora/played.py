"""The operator for tests that act as kubelets: it trusts the timestamps of pods.

python -m tests.integration.aurora.played …     # arguments of ``python -m controller``
"""

from __future__ import annotations

from controller.__main__ import main
from controller.core.pods import index
from tests.unit.core.aurora.stamps import as_stamped

if __name__ == "__main__":
    index.as_observed = as_stamped
    main()
