"""What the stock xdsl-opt finds of us: each part is imported when it is first used."""

from __future__ import annotations

from xdsl.ir import Dialect
from xdsl.universe import Universe


def _dialect() -> Dialect:
    from dsconv.dialects.dsconv import Dsconv

    return Dsconv


DSCONV_UNIVERSE = Universe(all_dialects={"dsconv": _dialect})
