"""The .tflite file: its flatbuffer, its graph, and the ONNX graph that means the same."""
