"""A training to watch, stop and resume."""
