"""The view, the chart and the explorer of the counterfactual translator."""
