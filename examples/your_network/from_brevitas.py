"""A network of 4-bit weights and 8-bit activations in Brevitas, trained quantised, as ONNX (QCDQ).

Writes model.onnx, and digits.npz with images and labels to test with.
"""

from pathlib import Path

import torch
from brevitas.export import export_onnx_qcdq
from brevitas.nn import QuantConv2d, QuantIdentity, QuantLinear, QuantReLU
from brevitas.quant import Int8ActPerTensorFloat, Uint8ActPerTensorFloat
from digits import images, save, train
from torch import nn

WEIGHTS = {"weight_bit_width": 4}
UNSIGNED = {"act_quant": Uint8ActPerTensorFloat}


def separable(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """A depthwise and a pointwise convolution."""
    return nn.Sequential(
        QuantConv2d(inputs, inputs, 3, stride, padding=1, groups=inputs, bias=False, **WEIGHTS),
        nn.BatchNorm2d(inputs),
        QuantReLU(**UNSIGNED),
        QuantConv2d(inputs, outputs, 1, bias=False, **WEIGHTS),
        nn.BatchNorm2d(outputs),
        QuantReLU(**UNSIGNED),
    )


torch.manual_seed(0)
network = nn.Sequential(
    QuantIdentity(act_quant=Int8ActPerTensorFloat),
    QuantConv2d(1, 16, 3, padding=1, bias=False, **WEIGHTS),
    nn.BatchNorm2d(16),
    QuantReLU(**UNSIGNED),
    separable(16, 32),
    separable(32, 32, stride=2),
    nn.AvgPool2d(4),
    nn.Flatten(),
    QuantIdentity(act_quant=Int8ActPerTensorFloat),
    QuantLinear(32, 10, bias=False, **WEIGHTS),
)
train(network)
export_onnx_qcdq(network, images[:1], "model.onnx", input_names=["image"], dynamo=False)
save(Path("digits.npz"))
