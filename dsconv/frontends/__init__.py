"""ONNX in: quantised networks become modules of the dsconv dialect."""

from dsconv.frontends.importer import import_onnx
from dsconv.frontends.onnx_file.network import ImportedNetwork, LayerSource, OnnxTensor, Port

__all__ = ["ImportedNetwork", "LayerSource", "OnnxTensor", "Port", "import_onnx"]
