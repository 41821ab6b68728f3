import cfwidgets as cf

clf, data = cf.zoo.classifier("digits"), cf.data.digits("test")
engines = {"relevance": cf.Relevance(layers=4, stages=3), "superpixels": cf.ELime(segments=60, generations=20)}
explorer = cf.Workbench(clf, data, engines=engines)
explorer.survey.run.result()
explorer.open(473)
for one in explorer.explorers.values():
    one.run.result()
explorer.export("workbench.html", title="Where does it go wrong, and why there?")
