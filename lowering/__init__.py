"""From dsconv to loops, transfers and cluster operations, and to C."""
