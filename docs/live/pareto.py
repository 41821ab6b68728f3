import cfwidgets as cf

clf = cf.zoo.classifier("portraits/male-blond")  # trained where blond hair predicts the class
editor = cf.zoo.attribute_editor("portraits")  # paints 13 attributes, and scores how real a face looks
given = {"Male": True, "Blond_Hair": False, "Bald": False, "Wearing_Hat": False}
men = cf.data.portraits(12, size=64, seed=3, attributes=given)
has = men.attributes[7, :13].float()  # the true attributes; without them the editor recognises some
search = cf.search.SMPSO(population=60, archive=60)
engine = cf.PlausibleCounterfactuals(search, evaluations=5_000, frozen=("Male",))
explorer = cf.ParetoExplorer(clf, editor, men.images[7], attributes=has, engine=engine)
explorer.run.result()
explorer.export(
    "pareto.html", live="half", runtime="beside", title="Which believable edit changes the prediction?"
)
