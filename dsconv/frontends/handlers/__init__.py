"""What nodes mean: one module for each family of operations."""
