"""The view, the charts and the explorer of a front of believable edits."""
