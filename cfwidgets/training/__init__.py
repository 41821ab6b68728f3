"""How the networks that come with this package were trained; the same code trains a user's own."""
