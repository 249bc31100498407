"""Facts about networks, layers and buffers, without decisions."""
