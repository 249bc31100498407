"""The dialect object that xDSL registers."""

from xdsl.ir import Dialect

from dsconv.dialects.attributes import LayoutAttr, RequantAttr, SpaceAttr, WindowAttr
from dsconv.dialects.graph import GRAPH_OPS

Dsconv = Dialect("dsconv", GRAPH_OPS, [LayoutAttr, SpaceAttr, RequantAttr, WindowAttr])
