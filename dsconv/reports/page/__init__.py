"""The report of a network as one HTML file that needs nothing else."""
