"""``python -m hack.chart`` writes the generated files of charts/echelon; ``--check`` compares them.

The templates of the CRDs are generated from crds/*.yaml; values.schema.json, the table in
README.md and docs/helm-values.md from values.yaml; files/dashboard.json from hack/chart/dashboard.
``--check`` exits with 0 if all files are up to date, otherwise with 1.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hack.chart import CHART, ROOT, crds, dashboard, document, readme, schema
from hack.chart.values import values


def rendered() -> dict[Path, str]:
    """The generated text of each file."""
    text = (CHART / "values.yaml").read_text()
    found = values(text)
    checked = schema.of(found)
    files = {
        CHART / "values.schema.json": checked,
        CHART / "README.md": readme.of((CHART / "README.md").read_text(), found),
        CHART / "files" / "dashboard.json": dashboard.text(),
        ROOT / "docs" / "helm-values.md": document.of(found, checked),
    }
    for source in sorted((ROOT / "crds").glob("*.yaml")):
        files[CHART / "templates" / "crds" / source.name] = crds.template(source.read_text())
    return files


def stale() -> list[Path]:
    """The files that are not up to date, and templates of CRDs that no longer exist."""
    files = rendered()
    left = set((CHART / "templates" / "crds").glob("*.yaml")) - set(files)
    return sorted(left) + [
        path for path, text in files.items() if not path.exists() or path.read_text() != text
    ]


def main() -> int:
    """Write the files. With ``--check`` only print the stale ones."""
    parser = argparse.ArgumentParser(description="Generate the generated files of the chart.")
    parser.add_argument("--check", action="store_true", help="only report stale files")
    if parser.parse_args().check:
        for path in (old := stale()):
            print(f"{path.relative_to(ROOT)} is stale; run `make chart`", file=sys.stderr)
        return 1 if old else 0
    files = rendered()
    for path in stale():
        if path in files:
            path.write_text(files[path])
        else:
            path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
