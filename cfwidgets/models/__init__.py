"""Models of the user: classifiers, generators and editors of images, whatever library they come from."""
