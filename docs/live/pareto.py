import cfwidgets as cf

clf = cf.zoo.classifier("portraits/male-blond")  # trained where blond hair predicts the class
editor = cf.zoo.attribute_editor("portraits")  # paints 13 attributes, and scores how real a face looks
given = {"Male": True, "Blond_Hair": False, "Bald": False, "Wearing_Hat": False}
face = cf.data.portraits(12, size=64, seed=3, attributes=given).images[7]
engine = cf.PlausibleCounterfactuals(evaluations=3_000, frozen=("Male",))
explorer = cf.ParetoExplorer(clf, editor, face, engine=engine)
explorer.run.result()
explorer.export("pareto.html", live="half", title="Which believable edit changes the prediction?")
