"""The survey: what a classifier predicts for a whole data set, and where it goes wrong."""
