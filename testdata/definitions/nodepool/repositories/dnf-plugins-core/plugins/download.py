"""Stands in for dnf download."""
