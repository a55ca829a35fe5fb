"""``python -m hack.chart`` writes the generated files of charts/echelon; ``--check`` compares them.

The templates of the CRDs are generated from crds/*.yaml; values.schema.json, the table in
README.md and docs/helm-values.md from values.yaml; files/dashboard.json from hack/chart/dashboard.
``--check`` exits with 0 if all files are up to date, otherwise with 1.
"""

from __future__ import annotations

import sys
from pathlib import Path

from hack.chart import CHART, ROOT, crds, dashboard, document, readme, schema
from hack.chart.values import values
from hack.generated import written


def rendered() -> dict[Path, str | None]:
    """The generated text of each file; None for templates of CRDs that no longer exist."""
    text = (CHART / "values.yaml").read_text()
    found = values(text)
    checked = schema.of(found)
    templates = CHART / "templates" / "crds"
    files: dict[Path, str | None] = dict.fromkeys(sorted(templates.glob("*.yaml")))
    files |= {
        CHART / "values.schema.json": checked,
        CHART / "README.md": readme.of((CHART / "README.md").read_text(), found),
        CHART / "files" / "dashboard.json": dashboard.text(),
        ROOT / "docs" / "helm-values.md": document.of(found, checked),
    }
    for source in sorted((ROOT / "crds").glob("*.yaml")):
        files[templates / source.name] = crds.template(source.read_text())
    return files


def main() -> int:
    """Write the files. With ``--check`` only print the stale ones."""
    return written(rendered, "Generate the generated files of the chart.", "make chart")


if __name__ == "__main__":
    sys.exit(main())
