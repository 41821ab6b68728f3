"""Training of the networks that come with this package, and of a user's own."""
