"""Which regions of a face a classifier attends to over a whole data set: FaceX."""
