"""Superpixels that carry a prediction: E-LIME, and LIME as its baseline."""
