"""Counts the leaves (scalars) of a YAML document with libyaml."""
