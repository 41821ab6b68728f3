"""Plausible counterfactuals: edits of an image that look real and change a classifier's prediction."""
