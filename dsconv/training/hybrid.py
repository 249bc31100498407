"""Hybrids: which depthwise layers are axial, for the accuracy that is lost and the cycles saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import onnx
import torch

from dsconv.axial import Variant, axial
from dsconv.errors import DsconvError
from dsconv.training.front import Choice, Option, front
from dsconv.training.loop import Epoch, accuracy, fit
from dsconv.training.student import EVALUATION_BATCH, STATISTICS, Task
from dsconv.training.supernet import Supernet

Latency = Callable[[onnx.ModelProto], int]
"""Cycles of a float network once it is quantised."""


@dataclass(frozen=True)
class Hybrid:
    """A hybrid: its axial layers, its cycles by the sum of its layers, its network.

    `accuracy` is the share of right answers of the images held out, with the supernet's weights.
    """

    layers: tuple[str, ...]
    cycles: int
    accuracy: float
    model: onnx.ModelProto


@dataclass(frozen=True)
class Hybrids:
    """A trained supernet, and what each of its layers costs and saves."""

    supernet: Supernet
    task: Task
    whole: int
    options: Sequence[Option]

    @staticmethod
    def of(
        task: Task, latency: Latency, checkpoint: Path | None, tell: Callable[[Epoch], None]
    ) -> Hybrids:
        """Trains the supernet, and measures a network for each of its layers."""
        torch.manual_seed(task.recipe.seed)
        supernet = Supernet(task.network, task.training.images[:STATISTICS])
        whole = latency(task.network)
        cycles = {
            name: latency(axial(task.network, Variant.HALF, [name])) - whole
            for name in supernet.layers
        }
        fit(
            supernet,
            task.training.shuffled(task.batch),
            task.recipe,
            teacher=task.teacher,
            checkpoint=checkpoint,
            tell=tell,
        )
        losses = supernet.sensitivities(task.training, task.held_out)
        options = [Option(name, losses[name], cycles[name]) for name in supernet.layers]
        return Hybrids(supernet, task, whole, options)

    def front(self) -> list[Hybrid]:
        """The hybrids that no other one beats in both, the fastest first."""
        return [self._hybrid(choice) for choice in front(self.options)]

    def within(self, budget: int) -> Choice:
        """The choice of least loss within so many cycles, or DsconvError where there is none."""
        choices = front(self.options)
        fitting = [choice for choice in choices if self.whole + choice.cycles <= budget]
        if not fitting:
            raise DsconvError(
                f"no hybrid takes {budget:,} cycles or fewer; the fastest one takes "
                f"{self.whole + choices[0].cycles:,}"
            )
        return fitting[-1]

    def _hybrid(self, choice: Choice) -> Hybrid:
        self.supernet.take(choice.layers, self.task.training.images)
        right = accuracy(self.supernet, self.task.held_out.in_order(EVALUATION_BATCH))
        return Hybrid(choice.layers, self.whole + choice.cycles, right, self.supernet.to_onnx())
