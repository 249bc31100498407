"""The report of a network as one HTML file, read as text and as Chromium shows it."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from typer.testing import CliRunner

import dsconv
from dsconv import zoo
from dsconv.cli import app
from dsconv.reports.layers import GraphLayer
from dsconv.reports.memory import Content, MemoryPlan, Placement
from dsconv.reports.network_report import NetworkReport, Trial
from dsconv.reports.page.graph import GraphDrawing, Skip
from dsconv.reports.page.page import page_of

DIGITS = Path(__file__).parents[1] / "examples" / "digits" / "digits.onnx"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on this machine: apt install chromium"
)

PHONE, DESK, WIDE = 390, 1100, 1400
"""Widths in pixels."""

MEASURE = """
<script>
const seen = {};
for (const part of document.querySelectorAll("h2, svg, table"))
  seen[part.id || part.ariaLabel || part.tagName] = part.getBoundingClientRect().height;
const boxes = [...document.querySelectorAll(".scroll")];
const cut = boxes.filter(box => box.scrollWidth > box.clientWidth);
document.title = JSON.stringify({width: document.body.scrollWidth, cut: cut.length, seen});
</script>
"""


@pytest.fixture(scope="module")
def report() -> NetworkReport:
    compiled = dsconv.compile(DIGITS, target="pulp_open")
    trial = Trial.of(compiled, DIGITS, on="host", stalls=False)
    return NetworkReport.of(compiled, trial, pareto=True)


@pytest.fixture(scope="module")
def page(report: NetworkReport) -> str:
    return page_of(report)


class _Reader(HTMLParser):
    """Collects text, and what a browser would load."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        places = [value or "" for name, value in attrs if name in ("src", "href", "xlink:href")]
        self.loaded += [place for place in places if not place.startswith("#")]
        assert tag not in ("script", "link", "iframe", "img")

    def handle_data(self, data: str) -> None:
        self.text += f" {data.strip()}" if data.strip() else ""


def test_the_page_says_what_there_is_to_say_and_loads_nothing(page: str) -> None:
    reader = _Reader()
    reader.feed(page)
    assert not reader.loaded
    assert "@import" not in page
    assert "url(http" not in page
    for words in (
        *(
            "block4_pw 8 fused 64\N{MULTIPLICATION SIGN}4\N{MULTIPLICATION SIGN}4",
            "along rows",
            "fused, 8 layers",
        ),
        *("bit-exact", "every layer and the outputs equal those of ONNX Runtime"),
        *("426 channels in 32 bits", "0 in 64 bits", "half even"),
        *("MAC for each byte", "address / KiB", "weights that stay, 13,136 bytes"),
        *("latency, transfers, energy", "DequantizeLinear left to the caller"),
    ):
        assert words in reader.text, words


def test_the_page_of_a_large_network_is_less_than_2_mb(report: NetworkReport, page: str) -> None:
    """That of digits has 4 layers and 24 buffers; MobileNetV2-224's, of 41 and 240, has 0.3 MB."""
    assert len(page.encode()) < 120_000


@pytest.mark.slow
def test_the_page_of_mobilenet_v2_224_is_less_than_2_mb(tmp_path: Path) -> None:
    runner = CliRunner()
    model, html = tmp_path / "mv2-224.onnx", tmp_path / "out.html"
    assert not runner.invoke(app, ["zoo", "mv2-224", "-o", str(model)]).exit_code
    assert not runner.invoke(app, ["report", str(model), "--html", str(html)]).exit_code
    assert html.stat().st_size < 2_000_000


def test_values_that_differ_are_said(report: NetworkReport) -> None:
    assert report.trial is not None
    wrong = dsconv.compile(DIGITS, target="pulp_open").run(
        expect=np.zeros((1, 10), np.uint8), on="host"
    )
    page = page_of(
        NetworkReport(
            report.compiled, report.layers, report.memory, None, Trial(wrong, None, "no judge")
        )
    )
    assert "NOT equal" in page
    assert "judged by nobody: no judge" in page


@needs_chromium
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_chromium_shows_all_of_it(page: str, tmp_path: Path, width: int) -> None:
    measured = _measured(page, tmp_path, width)
    assert measured["width"] <= width
    seen = measured["seen"]
    sections = {"layers", "graph", "speed", "memory", "requantisation", "verification"}
    figures = {"Roofline of the layers", "L1 over time", "L2 over time"}
    assert sections | figures <= seen.keys()
    assert all(seen[name] > 15 for name in sections)
    assert all(seen[name] > 150 for name in figures)


@needs_chromium
def test_on_a_wide_screen_nothing_has_to_be_scrolled(page: str, tmp_path: Path) -> None:
    assert not _measured(page, tmp_path, WIDE)["cut"]


@needs_chromium
def test_a_screenshot_has_figures_in_their_colours(page: str, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(page)
    picture = tmp_path / "page.png"
    _chromium(tmp_path / "page.html", f"--screenshot={picture}", "--window-size=1100,3200")
    pixels = (plt.imread(picture)[..., :3] * 255).round().astype(int)
    for colour in ((0x7A, 0xA6, 0xC2), (0xD9, 0xA8, 0x6C), (0xEA, 0xDB, 0xC8), (0xEE, 0xF3, 0xF5)):
        near = np.abs(pixels - colour).max(axis=-1) <= 2
        assert near.sum() > 1000, colour


def _measured(page: str, folder: Path, width: int) -> dict[str, Any]:
    """What `MEASURE` finds where the page is so wide."""
    narrow = page.replace("<html ", f'<html style="width: {width}px" ')
    (folder / "page.html").write_text(narrow.replace("</body>", f"{MEASURE}</body>"))
    dom = _chromium(folder / "page.html", "--dump-dom", f"--window-size={width},3000")
    found = re.search("<title>(.*?)</title>", dom)
    assert found is not None
    return json.loads(found[1].replace("&amp;", "&"))


def _chromium(path: Path, *arguments: str) -> str:
    assert CHROMIUM is not None
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command += [*arguments, path.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


def layer(name: str, *inputs: int) -> GraphLayer:
    return GraphLayer(name, "add", (1, 8, 4, 4), 0, inputs, None)


def test_lines_past_layers_have_lanes_of_their_own(report: NetworkReport) -> None:
    rows = [layer("a"), layer("b", 0), layer("c", 0, 1), layer("d", 1), layer("e", 0, 3)]
    table = type(report.layers)("net", "host", [], rows)
    drawing = GraphDrawing.of(table)
    assert drawing.chained == {1, 2, 4}
    assert drawing.skips == [Skip(0, 2, 0), Skip(0, 4, 1), Skip(1, 3, 2)]
    assert drawing.lanes == 3


def overlaps(items: tuple[Placement, ...]) -> list[tuple[str, str]]:
    return [
        (one.label, other.label)
        for number, one in enumerate(items)
        for other in items[number + 1 :]
        if one.begin < other.end and other.begin < one.end
        if one.offset < other.offset + other.size and other.offset < one.offset + one.size
    ]


def test_no_two_buffers_lie_at_one_address_at_a_time(report: NetworkReport) -> None:
    plan = report.memory
    for items in (plan.l1, plan.l2, plan.l3):
        assert not overlaps(items)
    assert max(item.offset + item.size for item in plan.l1) == plan.l1_bytes
    assert max(item.offset + item.size for item in plan.l2) == plan.l2_bytes
    assert {item.label for item in plan.l1 if item.content is Content.WEIGHTS} >= {"block4_pw.w"}
    assert [item.content for item in plan.l2] == [Content.PORTS] * 2


def test_a_plan_with_weights_in_l3() -> None:
    compiled = dsconv.compile(zoo.build("dscnn"), target="pulp_open", l2=52_000)
    plan = MemoryPlan.of(compiled.lowered)
    assert plan.l3
    assert {item.content for item in plan.l3} == {Content.WEIGHTS}
    assert not overlaps(plan.l3)
