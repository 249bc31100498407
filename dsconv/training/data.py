"""Labelled images as the user gives them, checked before a training begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from dsconv.errors import DsconvError
from dsconv.execution.ports import rows_of
from dsconv.training.module import OnnxModule

HELD_OUT = 10
"""One image of so many is held out, to say how well the network does on what it has not seen."""
EVALUATION_BATCH = 256
"""Images at a time where nothing is trained."""


@dataclass(frozen=True)
class Labelled:
    """Images, (n, C, H, W) float32, and their classes, (n,)."""

    images: Tensor
    classes: Tensor

    @staticmethod
    def of(
        network: OnnxModule, images: NDArray[np.generic], labels: NDArray[np.generic]
    ) -> Labelled:
        """Raises DsconvError where they do not fit each other or the network."""
        shape, name = network.input.shape, network.input.name
        rows = rows_of(images, shape, name).astype(np.float32).reshape(-1, *shape[1:])
        if not np.all(np.isfinite(rows)):
            raise DsconvError(f"the images for '{name}' are not all finite")
        if labels.size != len(rows):
            raise DsconvError(f"{labels.size} labels for {len(rows)} images")
        if not np.issubdtype(labels.dtype, np.integer):
            raise DsconvError(
                f"labels are numbers of classes, whole ones; these are {labels.dtype}"
            )
        with torch.no_grad():
            logits = network.eval()(torch.from_numpy(rows[:1]))
        if logits.ndim != 2:
            raise DsconvError(
                "training takes a network that gives a number for each class; this one gives "
                f"{list(logits.shape)}"
            )
        classes, known = labels.reshape(-1).astype(np.int64), logits.shape[1]
        if classes.min() < 0 or classes.max() >= known:
            raise DsconvError(
                f"labels go from {classes.min()} to {classes.max()}, the network has classes 0 to "
                f"{known - 1}"
            )
        return Labelled(torch.from_numpy(rows), torch.from_numpy(classes))

    def __len__(self) -> int:
        return len(self.images)

    def split(self, seed: int) -> tuple[Labelled, Labelled]:
        """What to train with, and one in ten held out. Raises DsconvError for fewer than twenty."""
        if len(self) < 2 * HELD_OUT:
            raise DsconvError(f"{len(self)} images are too few to train with")
        order = torch.randperm(len(self), generator=torch.Generator().manual_seed(seed))
        held_out, rest = order[: len(self) // HELD_OUT], order[len(self) // HELD_OUT :]
        return self._part(rest), self._part(held_out)

    def _part(self, order: Tensor) -> Labelled:
        return Labelled(self.images[order], self.classes[order])

    def shuffled(self, batch: int) -> DataLoader[tuple[Tensor, ...]]:
        """Batches in another order in every epoch, by torch's random numbers."""
        return DataLoader(TensorDataset(self.images, self.classes), batch, shuffle=True)

    def in_order(self, batch: int = EVALUATION_BATCH) -> Sequence[tuple[Tensor, Tensor]]:
        """Batches as they are."""
        return list(zip(self.images.split(batch), self.classes.split(batch), strict=True))
