"""The workbench: a whole data set above, one case of it below, and the cases that were kept."""
