"""How the weights that come with this package were trained, one module and one command each."""
