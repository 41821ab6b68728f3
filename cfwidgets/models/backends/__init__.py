"""Back ends of a classifier: a torch module, an ONNX file, or any function.

Each back end turns images ``(n, 3, H, W)`` in [0, 1] into the raw outputs of its model. What those outputs
mean (logits or probabilities), labels, and how many images go into one batch are the business of
`cfwidgets.Classifier`, which is what a user sees.
"""
