"""Quantised ONNX networks to C for ultra-low-power RISC-V clusters."""
