"""Stands in for what the plugins of dnf share."""
