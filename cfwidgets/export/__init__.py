"""Explorers as pages: one HTML file that plays from disk, and answers where the network travels in it."""
