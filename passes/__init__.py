"""Passes from dsconv to dsconv, one a file."""
