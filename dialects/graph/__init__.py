"""Graph level of the dsconv dialect: operations on whole tensors, each with its requantisation."""

from xdsl.ir import Operation

from dsconv.dialects.graph.base import (
    DTYPES,
    ConstantOp,
    IntTensorType,
    LayerOperation,
    RequantisedOperation,
    activation_type,
    dtype_of,
    element_bytes,
    layout_of,
    tensor_bytes,
    tensor_type,
    ui8,
)
from dsconv.dialects.graph.elementwise import (
    TABLE_ENTRIES,
    AddOp,
    BinaryOperation,
    LookupOp,
    MulOp,
    RescaleOp,
)
from dsconv.dialects.graph.movement import (
    ConcatOp,
    MovingOperation,
    PadOp,
    ResizeOp,
    ShuffleOp,
    SliceOp,
)
from dsconv.dialects.graph.pooling import AveragePoolOp, MaxPoolOp, PoolOperation
from dsconv.dialects.graph.weighted import (
    Conv2DOp,
    ConvolutionOperation,
    DepthwiseOp,
    LinearOp,
    PointwiseOp,
    WeightedOperation,
)

GRAPH_OPS: list[type[Operation]] = [
    ConstantOp,
    Conv2DOp,
    DepthwiseOp,
    PointwiseOp,
    LinearOp,
    AddOp,
    MulOp,
    AveragePoolOp,
    MaxPoolOp,
    RescaleOp,
    LookupOp,
    ConcatOp,
    PadOp,
    ResizeOp,
    SliceOp,
    ShuffleOp,
]

__all__ = [
    "DTYPES",
    "GRAPH_OPS",
    "TABLE_ENTRIES",
    "AddOp",
    "AveragePoolOp",
    "BinaryOperation",
    "ConcatOp",
    "ConstantOp",
    "Conv2DOp",
    "ConvolutionOperation",
    "DepthwiseOp",
    "IntTensorType",
    "LayerOperation",
    "LinearOp",
    "LookupOp",
    "MaxPoolOp",
    "MovingOperation",
    "MulOp",
    "PadOp",
    "PointwiseOp",
    "PoolOperation",
    "RequantisedOperation",
    "RescaleOp",
    "ResizeOp",
    "ShuffleOp",
    "SliceOp",
    "WeightedOperation",
    "activation_type",
    "dtype_of",
    "element_bytes",
    "layout_of",
    "tensor_bytes",
    "tensor_type",
    "ui8",
]
