"""One module for each flavour of quantised ONNX."""
