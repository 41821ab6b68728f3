"""FaceX: the regions of a face that a classifier attends to over a whole data set."""
