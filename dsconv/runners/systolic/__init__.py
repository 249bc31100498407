"""Runs layers on a systolic array: register by register in numpy, and in RTL."""
