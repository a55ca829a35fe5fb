"""The operator of tests that play the kubelets: it believes what pods are stamped with.

python -m tests.integration.aurora.played …     # arguments as of ``python -m controller``
"""

from __future__ import annotations

from controller.__main__ import main
from controller.core.pods import index
from tests.unit.core.aurora.stamps import as_stamped

if __name__ == "__main__":
    index.as_observed = as_stamped
    main()
