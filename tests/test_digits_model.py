"""The digits example still tells digits apart after quantisation."""

from pathlib import Path

import numpy as np
import onnxruntime as ort

DIGITS = Path(__file__).parents[1] / "examples" / "digits"


def test_quantised_accuracy() -> None:
    test = np.load(DIGITS / "digits_test.npz")
    session = ort.InferenceSession(DIGITS / "digits.onnx")
    logits = [np.asarray(session.run(None, {"image": x})[0]) for x in test["images"][:, None]]
    assert len(logits) == 360
    assert np.mean(np.concatenate(logits).argmax(1) == test["labels"]) >= 0.97


def test_model_is_small() -> None:
    assert (DIGITS / "digits.onnx").stat().st_size < 100_000
