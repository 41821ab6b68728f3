"""What one plugs in: classifiers, generators and editors of images, whatever library they come from."""
