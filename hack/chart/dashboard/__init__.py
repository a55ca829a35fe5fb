"""The Grafana dashboard of the chart: `text` is charts/echelon/files/dashboard.json.

It is built with Grafana's own library of types for the oldest version that the dashboard supports,
so that no field is misspelt and none is newer than that version.
"""

from __future__ import annotations

from itertools import count
from typing import Final

from grafana_foundation_sdk.builders.dashboard import (
    Dashboard,
    DatasourceVariable,
    QueryVariable,
    Row,
)
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as models

from hack.chart.dashboard import jobs, operator, updates
from hack.chart.dashboard.panels import SOURCE

#: The version of the schema that Grafana 10.4 writes; newer ones read it.
SCHEMA: Final = 39
_ROWS: Final = (*jobs.ROWS, *updates.ROWS, *operator.ROWS)


def text() -> str:
    """The dashboard as JSON, a field per line."""
    return JSONEncoder(indent=2, ensure_ascii=False).encode(_built()) + "\n"


def _built() -> models.Dashboard:
    dashboard = (
        Dashboard("Echelon")
        .uid("echelon")
        .description("Jobs, their Updates and gates, and the operator itself.")
        .tags(["echelon"])
        .readonly()
        .time("now-6h", "now")
        .refresh("30s")
        .timezone("browser")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .with_variable(DatasourceVariable("datasource").label("Data source").type("prometheus"))
        .with_variable(_selection("namespace", "Namespace", "job_namespace", ""))
        .with_variable(_selection("job", "Job", "job_name", '{job_namespace=~"$namespace"}'))
    )
    ids = count(1)
    for title, panels in _ROWS:
        dashboard.with_row(Row(title).id(next(ids)))
        for panel in panels:
            dashboard.with_panel(panel.id(next(ids)))
    built = dashboard.build()
    built.schema_version = SCHEMA
    return built


def _selection(name: str, label: str, of: str, within: str) -> QueryVariable:
    """A variable with the values that a label of the Jobs has; all of them by default."""
    return (
        QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query(f"label_values(echelon_job_instances{within}, {of})")
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(models.VariableOption(selected=True, text="All", value="$__all"))
    )
