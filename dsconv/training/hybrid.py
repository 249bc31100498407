"""Hybrids: which depthwise layers are axial, for the accuracy that is lost and the cycles saved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx

from dsconv.axial import Variant, axial
from dsconv.errors import DsconvError
from dsconv.training.front import Option, front
from dsconv.training.loop import accuracy
from dsconv.training.student import Task
from dsconv.training.supernet import Supernet

Latency = Callable[[onnx.ModelProto], int]
"""Cycles of a float network once it is quantised."""

ROUNDS = 8
"""How often losses of layers are fitted anew, at most."""


@dataclass(frozen=True)
class Hybrid:
    """A hybrid: its axial layers and its cycles, by the sum of its layers.

    `loss` and `accuracy` are of the images held out, with the supernet's weights.
    """

    layers: tuple[str, ...]
    cycles: int
    loss: float
    accuracy: float


@dataclass(frozen=True)
class Hybrids:
    """A trained supernet, and the hybrids of it that were tried.

    `whole` is the network's cycles without axial layers, `saved` what each layer changes of them
    when it is axial.
    """

    supernet: Supernet
    task: Task
    whole: int
    saved: Mapping[str, int]
    tried: dict[frozenset[str], Hybrid] = field(default_factory=dict[frozenset[str], Hybrid])

    @staticmethod
    def of(task: Task, latency: Latency, checkpoint: Path | None) -> Hybrids:
        """Measures a network for each layer, trains the supernet, and tries hybrids of it."""
        supernet = Supernet(task.network, task.first_images)
        whole = latency(task.network)
        saved = {
            name: latency(axial(task.network, Variant.HALF, [name])) - whole
            for name in supernet.layers
        }
        task.fit(supernet, checkpoint)
        found = Hybrids(supernet, task, whole, saved)
        found._search()
        return found

    def front(self) -> list[Hybrid]:
        """Of those tried, the hybrids that no other one beats in both, the fastest first."""
        kept: list[Hybrid] = []
        for hybrid in sorted(self.tried.values(), key=lambda one: (one.cycles, -one.accuracy)):
            if not kept or hybrid.accuracy > kept[-1].accuracy:
                kept.append(hybrid)
        return kept

    def within(self, budget: int) -> Hybrid:
        """The most accurate one of at most so many cycles, or DsconvError where there is none."""
        hybrids = self.front()
        fitting = [hybrid for hybrid in hybrids if hybrid.cycles <= budget]
        if not fitting:
            raise DsconvError(
                f"no hybrid takes {budget:,} cycles or fewer; the fastest one takes "
                f"{hybrids[0].cycles:,}"
            )
        return fitting[-1]

    def options(self) -> list[Option]:
        """What each layer costs and saves: losses as a sum over layers, by least squares."""
        layers = self.supernet.layers
        hybrids = list(self.tried.values())
        sums = np.array([[1, *(name in one.layers for name in layers)] for one in hybrids], float)
        losses = np.array([one.loss for one in hybrids])
        _, *costs = np.linalg.lstsq(sums, losses)[0]
        return [
            Option(name, float(cost), self.saved[name])
            for name, cost in zip(layers, costs, strict=True)
        ]

    def network(self, hybrid: Hybrid) -> onnx.ModelProto:
        """A hybrid with the supernet's weights."""
        self.supernet.take(hybrid.layers, self.task.training.images)
        return self.supernet.to_onnx()

    def _search(self) -> None:
        """Tries each layer alone and all but it, then the best choices of what those say, anew."""
        every = set(self.supernet.layers)
        self.try_all(
            [set(), every, *({name} for name in every), *(every - {name} for name in every)]
        )
        for _ in range(ROUNDS):
            before = len(self.tried)
            self.try_all(choice.layers for choice in front(self.options()))
            if len(self.tried) == before:
                return

    def try_all(self, hybrids: Iterable[Iterable[str]]) -> None:
        """Tries hybrids, given by their axial layers, that were not tried yet."""
        for layers in map(frozenset, hybrids):
            if layers in self.tried:
                continue
            self.supernet.take(layers, self.task.training.images)
            held_out = self.task.held_out
            self.tried[layers] = Hybrid(
                self.supernet.axial_layers,
                self.whole + sum(self.saved[name] for name in layers),
                self.supernet.loss(held_out),
                accuracy(self.supernet, held_out.in_order()),
            )
