"""Training of the weights that come with this package, one module and one command each."""
