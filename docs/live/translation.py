import cfwidgets as cf

clf, translator = cf.zoo.translator("concrete")  # trained against each other, with labels alone
surfaces = cf.data.concrete(8, size=128)
ordinary = cf.zoo.classifier("concrete/ordinary")
explorer = cf.TranslationExplorer(clf, translator, surfaces, second=ordinary)
explorer.run.result()
explorer.view.chosen = 2  # a cracked one
explorer.export("translation.html", live="half", runtime="beside", title="Where is the crack?")
