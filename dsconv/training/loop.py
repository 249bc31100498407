"""The training loop: distillation, one cycle of the learning rate, checkpoints after each epoch."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.lr_scheduler import OneCycleLR

from dsconv.errors import DsconvError
from dsconv.files import written_at_once

logger = logging.getLogger(__name__)

Batches = Iterable[tuple[Tensor, Tensor]]
"""Images (n, C, H, W) and classes (n,), again for each epoch, as a `DataLoader` gives them."""


@dataclass(frozen=True)
class Recipe:
    """How to train. The loss is `(1 - distillation) * cross entropy + distillation * T^2 * KL`."""

    epochs: int = 60
    learning_rate: float = 4e-3
    distillation: float = 0.7
    temperature: float = 3.0
    seed: int = 0


@dataclass(frozen=True)
class Epoch:
    """What an epoch came to: its number from 1, mean loss, share of right answers in training."""

    number: int
    loss: float
    accuracy: float

    def __str__(self) -> str:
        return f"epoch {self.number}, loss {self.loss:.3f}, {self.accuracy:.1%} right"


def fit(
    module: nn.Module,
    batches: Batches,
    recipe: Recipe,
    *,
    teacher: nn.Module | None = None,
    checkpoint: Path | None = None,
    tell: Callable[[Epoch], None] = lambda _: None,
) -> list[Epoch]:
    """Trains all parameters of a module and gives what every epoch came to.

    Without a teacher the loss is the cross entropy alone. After every epoch the checkpoint is
    written; where there is one of the same recipe, training goes on from it, to the same result.
    `tell` gets every epoch, also those of the checkpoint. Raises DsconvError where the loss is not
    finite, or where the checkpoint is of another recipe or network.
    """
    torch.manual_seed(recipe.seed)
    steps = sum(1 for _ in batches)
    parameters = [value for value in module.parameters() if value.requires_grad]
    optimiser = torch.optim.AdamW(parameters, recipe.learning_rate)
    schedule = OneCycleLR(optimiser, recipe.learning_rate, recipe.epochs * steps)
    state = _State(module, optimiser, schedule, recipe)
    log = [] if checkpoint is None or not checkpoint.exists() else state.load(checkpoint)
    for epoch in log:
        tell(epoch)
    if teacher is not None:
        teacher.eval()
    for number in range(len(log) + 1, recipe.epochs + 1):
        module.train()
        total, right, seen = 0.0, 0, 0
        for images, classes in batches:
            logits = module(images)
            loss = _loss(logits, classes, images, teacher, recipe)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item() * len(images)
            right += int((logits.argmax(1) == classes).sum())
            seen += len(images)
            if not isfinite(total):
                raise DsconvError(
                    f"the loss is no longer finite in epoch {number}; check that the images "
                    "are scaled as the network expects, or lower --learning-rate"
                )
        log.append(Epoch(number, total / seen, right / seen))
        if checkpoint is not None:
            state.save(checkpoint, log)
        tell(log[-1])
        logger.info("%s", log[-1])
    module.eval()
    return log


def accuracy(module: nn.Module, batches: Batches) -> float:
    """Share of right answers."""
    module.eval()
    right, seen = 0, 0
    with torch.no_grad():
        for images, classes in batches:
            right += int((module(images).argmax(1) == classes).sum())
            seen += len(images)
    return right / seen


def _loss(
    logits: Tensor, classes: Tensor, images: Tensor, teacher: nn.Module | None, recipe: Recipe
) -> Tensor:
    entropy = functional.cross_entropy(logits, classes)
    if teacher is None:
        return entropy
    with torch.no_grad():
        taught = functional.log_softmax(teacher(images) / recipe.temperature, 1)
    own = functional.log_softmax(logits / recipe.temperature, 1)
    divergence = functional.kl_div(own, taught, reduction="batchmean", log_target=True)
    share = recipe.distillation
    return (1 - share) * entropy + share * recipe.temperature**2 * divergence


@dataclass(frozen=True)
class _State:
    """What training consists of, to be written down and taken up again."""

    module: nn.Module
    optimiser: torch.optim.Optimizer
    schedule: OneCycleLR
    recipe: Recipe

    def save(self, path: Path, log: list[Epoch]) -> None:
        state: dict[str, Any] = {
            "recipe": asdict(self.recipe),
            "log": [asdict(epoch) for epoch in log],
            "module": self.module.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "random": torch.get_rng_state(),
        }
        with written_at_once(path) as draft:
            torch.save(state, draft)

    def load(self, path: Path) -> list[Epoch]:
        try:
            state = torch.load(path, weights_only=True)
            if state["recipe"] != asdict(self.recipe):
                raise DsconvError(
                    f"{path} is of other options ({state['recipe']}); give those, or delete it"
                )
            self.module.load_state_dict(state["module"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.schedule.load_state_dict(state["schedule"])
            torch.set_rng_state(state["random"])
        except (RuntimeError, KeyError, ValueError, EOFError, OSError) as error:
            raise DsconvError(f"{path} is no checkpoint of this training; delete it") from error
        return [Epoch(**epoch) for epoch in state["log"]]
