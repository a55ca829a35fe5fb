"""What other tools read of Jobs and Updates, with the libraries of these tools.

The files that users give to these tools are in `integrations/`. The Go programs of this folder read
objects as the tools do; `hack.devcluster.build` builds them, and tests and recordings use them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
#: The files for users.
FILES: Final = ROOT / "integrations"
