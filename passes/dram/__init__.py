"""Schedules for an accelerator behind DRAM: what they keep on chip, and what they move."""
