"""Runs compiled networks and compares every layer with the reference semantics."""
