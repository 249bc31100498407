"""Measurements that anyone can repeat: every number in the documentation comes from here."""
