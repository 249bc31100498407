"""What a verification found: a table of layers, the first difference, a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from dsconv.execution.report import WIDEST, Report
from dsconv.verification.oracles import Agreement, Judge


@dataclass(frozen=True)
class LayerCheck:
    """A layer on its true inputs; no agreement where the file has no tensor with its bytes."""

    label: str
    op: str
    shape: tuple[int, ...]
    agreement: Agreement | None

    def as_json(self) -> dict[str, Any]:
        """The layer as it stands in the JSON report."""
        return {
            "name": self.label,
            "op": self.op,
            "shape": list(self.shape),
            "agreement": None if self.agreement is None else _agreement_as_json(self.agreement),
        }


@dataclass(frozen=True)
class Verification:
    """Comparisons of a network with a judge, and of its C with the reference semantics."""

    judge: Judge
    layers: Sequence[LayerCheck]
    outputs: Sequence[Agreement]
    report: Report

    @property
    def equal(self) -> bool:
        """Whether no value differs anywhere, but for the judge's own rounding."""
        return self.report.equal and self._layers_agree and self._outputs_agree

    @property
    def _layers_agree(self) -> bool:
        return all(found.is_explained for found in self._compared())

    @property
    def _outputs_agree(self) -> bool:
        """What follows from differences that are explained is, too."""
        follows = not all(found.is_settled for found in self._compared())
        equal = all(output.is_explained for output in self.outputs)
        return equal or (self._layers_agree and follows)

    def as_json(self) -> dict[str, Any]:
        """The verification for programs, with the report of the run that it compared."""
        return {
            "judge": self.judge.value,
            "equal": self.equal,
            "verdict": self.verdict,
            "layers": [layer.as_json() for layer in self.layers],
            "outputs": {
                name: _agreement_as_json(output)
                for name, output in zip(self.report.outputs, self.outputs, strict=True)
            },
            "run": self.report.as_json(),
        }

    def print(self, console: Console) -> None:
        """The table of layers and where the first difference is."""
        Console(width=WIDEST, file=console.file).print(self._table())
        for difference in self._differences():
            console.print(f"DIFFERENT  {difference}", style="bold red", highlight=False)
        uncompared = sum(layer.agreement is None for layer in self.layers)
        if uncompared:
            console.print(
                f"note: {uncompared} layers have no tensor of their own in the file; what follows "
                "them is compared",
                style="dim",
                highlight=False,
            )
        console.print(
            f"{self.report.network} on {self.report.runner}: {self.verdict}",
            style="bold green" if self.equal else "bold red",
            highlight=False,
        )

    @property
    def verdict(self) -> str:
        """What was found, in a sentence."""
        if not self.equal:
            return "NOT equal"
        explained = sum(found.explained for found in self._compared())
        if not explained:
            return f"every layer and the outputs equal those of {self.judge.value}, and the C them"
        return (
            f"equal to {self.judge.value} but for {explained} values that lie within float32's "
            "rounding of a tie (docs/arithmetic.md), and the C is exact"
        )

    def _compared(self) -> list[Agreement]:
        return [layer.agreement for layer in self.layers if layer.agreement is not None]

    def _differences(self) -> list[str]:
        diverging = [
            f"layer {layer.label}: {layer.agreement}"
            for layer in self.layers
            if layer.agreement is not None and not layer.agreement.is_explained
        ]
        outputs = [
            f"{title}: {output}"
            for title, output in self._titled_outputs()
            if output.different and not self._outputs_agree
        ]
        return [*diverging[:1], *outputs, *(f"the C: {found}" for found in self.report.differences)]

    def _table(self) -> Table:
        table = Table(
            title=f"{self.report.network} against {self.judge.value}", box=box.SIMPLE_HEAD
        )
        for column in ("layer", "op", "output"):
            table.add_column(column, no_wrap=True)
        for column in ("values", "differ", "by rounding", "by at most", "from channel"):
            table.add_column(column, justify="right", no_wrap=True)
        table.add_column(f"C on {self.report.runner}")
        on_device = {layer.name: layer.equal for layer in self.report.layers}
        for layer in self.layers:
            equal = on_device.get(layer.label)
            table.add_row(
                layer.label,
                layer.op,
                "x".join(map(str, layer.shape[1:])),
                *_cells(layer.agreement),
                "" if equal is None else "equal" if equal else "[red]NO[/red]",
            )
        for title, output in self._titled_outputs():
            table.add_row(title, "", "", *_cells(output), "")
        return table

    def _titled_outputs(self) -> list[tuple[str, Agreement]]:
        names = list(self.report.outputs) if len(self.outputs) > 1 else []
        titles = [f"end to end, {name}" for name in names] or ["end to end"]
        return list(zip(titles, self.outputs, strict=True))


def _agreement_as_json(agreement: Agreement) -> dict[str, Any]:
    return {
        "values": agreement.values,
        "different": agreement.different,
        "explained_by_rounding": agreement.explained,
        "largest": agreement.largest,
        "first_channel": agreement.channel,
    }


def _cells(agreement: Agreement | None) -> tuple[str, ...]:
    if agreement is None:
        return ("", "", "", "", "")
    values, different = f"{agreement.values:,}", f"{agreement.different:,}"
    if not agreement.different:
        return (values, different, "", "", "")
    if not agreement.is_explained:
        different = f"[red]{different}[/red]"
    rest = (agreement.explained, agreement.largest, agreement.channel)
    return (values, different, *(f"{count:,}" for count in rest))
