"""Lets changes in, one after the other."""
