"""Compares what a file means to others with what we make of it."""
