"""Walks the graph, gives every tensor a value, and builds the layers."""
