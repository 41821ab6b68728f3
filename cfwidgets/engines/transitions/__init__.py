"""Why an image was misclassified: the transition between its wrong class and its right one."""
