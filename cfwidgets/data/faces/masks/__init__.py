"""Masks of face regions: where they come from, how they are packed, and the cache beside a data set."""
