"""What a systolic array does with a layer: mappings, their tiles, their cycles, and the choice."""
