"""The counterfactual translator: the twin of the other class in one pass."""
