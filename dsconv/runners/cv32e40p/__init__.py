"""The RTL of one CV32E40P, and programs for it."""
