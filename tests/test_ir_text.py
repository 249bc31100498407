"""The text of IR that a folder of C has is xDSL's own."""

from __future__ import annotations

from xdsl.dialects.builtin import BytesAttr, ModuleOp, StringAttr, UnitAttr

import dsconv
from dsconv import zoo
from dsconv.driver.ir_text import ir_text


def test_every_byte_of_a_string_is_printed_as_xdsl_does():
    attributes = {
        "bytes": BytesAttr(bytes(range(256))),
        "string": StringAttr('a "quoted" \\ back\nslash, café'),
        "unit": UnitAttr(),
    }
    module = ModuleOp([], attributes)
    assert ir_text(module) == f"{module!s}\n"


def test_a_network_is_printed_as_xdsl_does():
    module = dsconv.compile(zoo.build("dscnn"), target="pulp_open").lowered
    assert ir_text(module) == f"{module!s}\n"
