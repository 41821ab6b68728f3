"""Which believable edits of an image change a classifier's mind: plausible counterfactuals."""
