"""What a compiled network takes of its target: memory, code, stacks, and its Pareto front."""
