"""Writes the report of a network as one HTML file: style, figures and table in it."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from dsconv.reports.memory_plot import memory_figure
from dsconv.reports.network_report import NetworkReport
from dsconv.reports.page.figures import as_svg, pareto_figure, roofline_figure
from dsconv.reports.page.graph import GraphDrawing
from dsconv.version import __version__

TIMES = "\N{MULTIPLICATION SIGN}"


def page_of(report: NetworkReport) -> str:
    """The page, complete: it loads nothing, neither from the network nor from other files."""
    environment = Environment(
        loader=PackageLoader("dsconv.reports.page", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["count"] = "{:,}".format
    environment.filters["shape"] = _shape
    environment.filters["times"] = _times
    measured = report.measured
    cluster = report.compiled.target.cluster(len(report.layers.layers))
    roofline = roofline_figure(report.layers, [*measured.values()], cluster)
    return environment.get_template("report.html").render(
        version=__version__,
        report=report,
        table=report.layers,
        trial=report.trial,
        measured=measured,
        has_stalls=any(layer.stalls for layer in measured.values()),
        rate=_rate,
        graph=GraphDrawing.of(report.layers),
        roofline=None if roofline is None else as_svg(roofline, "Roofline of the layers"),
        memories={
            memory: as_svg(memory_figure(report.memory, memory), f"{memory} over time")
            for memory in report.memory.used
        },
        pareto=None
        if report.front is None
        else as_svg(pareto_figure(report.front), "Pareto front of cycles and bytes"),
    )


def _shape(shape: tuple[int, ...]) -> str:
    """Channels, rows and columns."""
    return TIMES.join(map(str, shape[1:]))


def _times(tile: str) -> str:
    return tile.replace("x", TIMES)


def _rate(macs: int, cycles: int | None) -> str:
    return f"{macs / cycles:.2f}" if macs and cycles else ""
