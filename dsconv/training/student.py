"""From a float network and labelled images to its axial student: dsconv scaffold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
from numpy.typing import NDArray
from torch import Tensor, nn

from dsconv.axial import Variant
from dsconv.training.data import EVALUATION_BATCH, Labelled
from dsconv.training.loop import Epoch, Recipe, accuracy, fit
from dsconv.training.module import OnnxModule, recalibrate
from dsconv.training.scaffold import Scaffold, known_layers

STATISTICS = 512
"""Images that say how the outputs of layers are spread before training."""


@dataclass(frozen=True)
class Student:
    """A trained student, how training went, and its share of right answers beside the teacher's.

    Both shares are of images that were held out.
    """

    model: onnx.ModelProto
    log: Sequence[Epoch]
    accuracy: float
    teacher_accuracy: float


@dataclass(frozen=True)
class Task:
    """What students are trained with: the network, who teaches, images, a recipe, a batch size."""

    network: onnx.ModelProto
    teacher: OnnxModule
    training: Labelled
    held_out: Labelled
    recipe: Recipe
    batch: int

    @staticmethod
    def of(
        network: onnx.ModelProto,
        teacher: onnx.ModelProto,
        images: NDArray[Any],
        labels: NDArray[Any],
        recipe: Recipe,
        batch: int,
    ) -> Task:
        """Holds one image in ten out. Raises DsconvError where something does not fit the rest."""
        data = Labelled.of(OnnxModule(network), images, labels)
        taught = OnnxModule(teacher)
        Labelled.of(taught, images, labels)
        known_layers(network)
        training, held_out = data.split(recipe.seed)
        return Task(network, taught.eval(), training, held_out, recipe, batch)

    @property
    def teacher_accuracy(self) -> float:
        """Of the images held out."""
        return accuracy(self.teacher, self.held_out.in_order())

    @property
    def first_images(self) -> Tensor:
        """What batch normalisation begins with where the network has none."""
        return self.training.images[:STATISTICS]

    def fit(self, module: nn.Module, checkpoint: Path | None) -> list[Epoch]:
        """Trains a module, by what the teacher makes of the images too."""
        return fit(
            module,
            self.training.shuffled(self.batch),
            self.recipe,
            teacher=self.teacher,
            checkpoint=checkpoint,
        )

    def train(
        self, variant: Variant, layers: Sequence[str] | None, checkpoint: Path | None
    ) -> Student:
        """The student with axial layers in place of the named ones, or of all."""
        scaffold = Scaffold(self.network, variant, self.first_images, layers)
        log = self.fit(scaffold, checkpoint)
        student = scaffold.collapsed()
        recalibrate(student, self.training.images.split(EVALUATION_BATCH))
        right = accuracy(student, self.held_out.in_order())
        return Student(student.to_onnx(), log, right, self.teacher_accuracy)
