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
    ELEMENTWISE_OPS,
    TABLE_ENTRIES,
    AddOp,
    BinaryOperation,
    LookupOp,
    MulOp,
    RescaleOp,
    StepsOp,
    TableOperation,
)
from dsconv.dialects.graph.movement import (
    MOVEMENT_OPS,
    ConcatOp,
    DepthToSpaceOp,
    MovingOperation,
    PadOp,
    ResizeOp,
    ShuffleOp,
    SliceOp,
)
from dsconv.dialects.graph.pooling import POOLING_OPS, AveragePoolOp, MaxPoolOp, PoolOperation
from dsconv.dialects.graph.weighted import (
    WEIGHTED_OPS,
    Conv2DOp,
    ConvolutionOperation,
    DepthwiseOp,
    LinearOp,
    PointwiseOp,
    WeightedOperation,
)

GRAPH_OPS: list[type[Operation]] = [
    ConstantOp,
    *WEIGHTED_OPS,
    *ELEMENTWISE_OPS,
    *POOLING_OPS,
    *MOVEMENT_OPS,
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
    "DepthToSpaceOp",
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
    "StepsOp",
    "TableOperation",
    "WeightedOperation",
    "activation_type",
    "dtype_of",
    "element_bytes",
    "layout_of",
    "tensor_bytes",
    "tensor_type",
    "ui8",
]
