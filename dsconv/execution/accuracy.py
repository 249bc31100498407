"""How many outputs of a classifier are right."""

from __future__ import annotations

import numpy as np

from dsconv.dialects.run import Array
from dsconv.errors import DsconvError


def right_outputs(outputs: Array, labels: Array) -> int:
    """How many of the outputs (n, ...) have their largest value at the label, of n.

    Raises DsconvError where there are more or fewer labels, or one that no output has a place for.
    """
    if len(outputs) != labels.size:
        raise DsconvError(f"{labels.size} labels for {len(outputs)} outputs")
    values, classes = outputs.reshape(len(outputs), -1), labels.reshape(-1)
    if len(classes) and not 0 <= classes.min() <= classes.max() < values.shape[1]:
        raise DsconvError(
            f"labels are {classes.min()} to {classes.max()}, classes 0 to {values.shape[1] - 1}"
        )
    return int(np.count_nonzero(values.argmax(axis=1) == classes))
