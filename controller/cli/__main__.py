"""``python -m controller.cli``: the same as ``echelon``."""

from __future__ import annotations

from controller.cli.main import main

if __name__ == "__main__":
    main()
