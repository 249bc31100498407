"""A second reader of ONNX files, in exact numbers, which shares nothing with the front end."""
