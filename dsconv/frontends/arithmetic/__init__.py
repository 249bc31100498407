"""From the numbers of a file to integer functions."""
