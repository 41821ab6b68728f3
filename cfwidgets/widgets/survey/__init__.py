"""The explorer of a survey: where a classifier goes wrong over a whole data set, and every picture of it."""
