"""How the panels of the dashboard look: numbers, lines, bands of states, tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from grafana_foundation_sdk.builders import common, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.models import common as looks
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

SOURCE: Final = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
#: A panel of any kind: the library's builders have no common class with these methods.
Panel = Any
Row = tuple[str, tuple[Panel, ...]]
_GREEN, _ORANGE, _RED = "green", "orange", "red"


def number(
    title: str, unit: str, text: str, expr: str, *, steps: Mapping[float, str] | None = None
) -> Panel:
    """One number. ``steps``: the colour from each value on; absent: always green."""
    return (
        _common(stat.Panel(), title, unit, text, height=4, span=4)
        .with_target(_query("A", expr, title).instant())
        .color_mode(looks.BigValueColorMode.VALUE)
        .graph_mode(looks.BigValueGraphMode.NONE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(_thresholds(steps or {}))
    )


def lines(
    title: str,
    unit: str,
    text: str,
    exprs: Mapping[str, str],
    *,
    span: int = 12,
    most: float | None = None,
    stacked: bool = False,
    bars: bool = False,
) -> Panel:
    """Lines over time. ``exprs``: legend -> expression; ``most``: the upper end of the axis."""
    panel = (
        _common(timeseries.Panel(), title, unit, text, height=8, span=span)
        .min(0)
        .line_width(1)
        .fill_opacity(60 if bars else 25 if stacked else 5)
        .show_points(looks.VisibilityMode.NEVER)
        .tooltip(
            common.VizTooltipOptions()
            .mode(looks.TooltipDisplayMode.MULTI)
            .sort(looks.SortOrder.DESCENDING)
        )
        .legend(_legend(["lastNotNull", "max"]))
    )
    if most is not None:
        panel.max(most)
    if stacked or bars:
        panel.stacking(common.StackingConfig().mode(looks.StackingMode.NORMAL))
    if bars:
        panel.draw_style(looks.GraphDrawStyle.BARS)
    for ref, (legend, expr) in zip("ABCDEF", exprs.items(), strict=False):
        panel.with_target(_query(ref, expr, legend).range())
    return panel


def bands(title: str, text: str, legend: str, expr: str) -> Panel:
    """A band per series that is green while its value is 1."""
    return (
        _common(statetimeline.Panel(), title, "bool_yes_no", text, height=6, span=12)
        .with_target(_query("A", expr, legend).range())
        .thresholds(_thresholds({1: _GREEN}, below=_ORANGE))
        .line_width(0)
        .fill_opacity(70)
        .show_value(looks.VisibilityMode.NEVER)
        .legend(common.VizLegendOptions().show_legend(False))
    )


def rows(
    title: str, unit: str, text: str, expr: str, names: Mapping[str, str], *, span: int = 12
) -> Panel:
    """A table of the present values. ``names``: label -> heading, in the order of the columns;
    ``Value`` is the number itself. All other labels are left out."""
    organised = {
        "includeByName": dict.fromkeys(names, True),
        "indexByName": {name: place for place, name in enumerate(names)},
        "renameByName": dict(names),
    }
    return (
        _common(table.Panel(), title, unit, text, height=8, span=span)
        .with_target(_query("A", expr, "").instant().format(PromQueryFormat.TABLE))
        .with_transformation(models.DataTransformerConfig("organize", options=organised))
        .filterable(True)
    )


def _common(panel: Panel, title: str, unit: str, text: str, *, height: int, span: int) -> Panel:
    return (
        panel.title(title)
        .description(text)
        .datasource(SOURCE)
        .unit(unit)
        .height(height)
        .span(span)
        .no_value("no data")
    )


def _query(ref: str, expr: str, legend: str) -> Dataquery:
    return Dataquery().ref_id(ref).datasource(SOURCE).expr(expr).legend_format(legend)


def _legend(calcs: list[str]) -> common.VizLegendOptions:
    return (
        common.VizLegendOptions()
        .show_legend(True)
        .display_mode(looks.LegendDisplayMode.TABLE)
        .placement(looks.LegendPlacement.BOTTOM)
        .calcs(calcs)
    )


def _thresholds(steps: Mapping[float, str], below: str = _GREEN) -> ThresholdsConfig:
    found = [models.Threshold(None, below)]
    found += [models.Threshold(value, colour) for value, colour in steps.items()]
    return ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(found)
