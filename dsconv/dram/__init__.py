"""DRAM behind an accelerator: devices, traces of transfers, and a model of time and energy."""
