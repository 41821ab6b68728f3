import cfwidgets as cf

faces = cf.data.portraits(200, size=128, seed=1)  # drawn faces: attributes and regions are known
biased = cf.zoo.classifier("portraits/male-biased")  # trained where lipstick predicts the class
balanced = cf.zoo.classifier("portraits/male-balanced")
biased.name, balanced.name = "biased", "balanced"
explorer = cf.FaceXExplorer(biased, faces, target="not Male", second=balanced)
explorer.run.result()
explorer.view.quantity, explorer.chosen = "effect", "u_lip"
explorer.export("facex.html", title="Where do these two networks look?")
