"""Generates files of charts/echelon from other files: see ``__main__``."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
CHART: Final = ROOT / "charts" / "echelon"
