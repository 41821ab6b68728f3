"""Relevance: maps of one image by several methods, side by side, and how far to trust each."""
