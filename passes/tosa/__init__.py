"""From TOSA 1.0 to the graph level: what its operations on integers mean."""
