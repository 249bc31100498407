"""The axial example reads digits among clutter, on the cluster's C and on an array alike."""

from pathlib import Path

import numpy as np

import dsconv
from dsconv.api import map_to_array

EXAMPLE = Path(__file__).parents[1] / "examples" / "cluttered_digits"


def test_the_student_reads_digits_on_host_and_array() -> None:
    with np.load(EXAMPLE / "test.npz") as test:
        images, labels = test["images"][:60], test["labels"][:60]
    model = EXAMPLE / "half.onnx"
    on_host = dsconv.compile(model, "host").run(images)
    on_array = map_to_array(model, "systolic_16").run(images)
    assert on_host.equal
    assert on_array.equal
    assert np.array_equal(on_host.output, on_array.output.reshape(on_host.output.shape))
    right = on_host.output.reshape(len(labels), -1).argmax(1) == labels
    assert right.mean() > 0.8
