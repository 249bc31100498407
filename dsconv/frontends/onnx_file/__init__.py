"""The ONNX file: its graph, how tensors view the bytes of activations, and what an import gives."""
