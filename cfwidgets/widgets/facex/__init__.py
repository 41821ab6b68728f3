"""The view, the chart and the explorer of face regions, and the drawing that they stand on."""
