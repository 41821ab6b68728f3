"""The view, the chart and the explorer of relevance maps."""
