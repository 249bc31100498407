"""Flavours are recognised, reported and forced; docs/operators.md lists what the code reads."""

from pathlib import Path

import pytest
from frontend_models import ModelWriter

import dsconv
from dsconv.errors import ModelError
from dsconv.frontends import import_onnx
from dsconv.frontends.flavours.registry import FLAVOURS
from dsconv.frontends.support import support, with_support

ROOT = Path(__file__).parents[1]
DIGITS = ROOT / "examples" / "digits" / "digits.onnx"


def test_the_list_of_operators_is_of_today():
    document = (ROOT / "docs" / "operators.md").read_text()
    assert document == with_support(document), "out of date: make support"


def test_every_operation_is_in_the_table():
    table = support()
    for flavour in FLAVOURS:
        assert flavour.name in table
        for operation in flavour.handlers:
            assert operation in table


def test_a_document_without_marks_is_an_error():
    with pytest.raises(dsconv.DsconvError, match="no lines"):
        with_support("nothing")


def test_a_flavour_can_be_forced():
    assert import_onnx(DIGITS).flavour == "QDQ"
    assert import_onnx(DIGITS, flavour="qoperator").flavour == "QOperator"


def test_an_unknown_flavour_names_the_known_ones():
    with pytest.raises(ModelError, match=r"no flavour 'QKeras'; there are .*QDQ, NEMO"):
        import_onnx(DIGITS, flavour="QKeras")


def test_a_float_network_is_told_how_to_be_quantised():
    writer = ModelWriter()
    image = writer.input("image", "float32", (1, 3, 8, 8))
    with pytest.raises(ModelError, match="not quantised in a way that dsconv reads"):
        import_onnx(writer.model(writer.node("Relu", image), dtype="float32"))
