"""What TFLite's operators are in ONNX, by families."""
