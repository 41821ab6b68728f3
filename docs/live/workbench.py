import cfwidgets as cf

clf, data = cf.zoo.classifier("digits"), cf.data.digits("test")
engines = {  # quick ones, for a first look
    "relevance": cf.Relevance(("grad_cam", "rap"), layers=4, stages=3),
    "superpixels": cf.ELime(segments=60, generations=20),
}
explorer = cf.Workbench(clf, data, engines=engines)
explorer.survey.run.result()
explorer.open(473)  # a 4 that the network reads as a 9
for one in explorer.explorers.values():
    one.run.result()
explorer.export("workbench.html", runtime="beside", title="Where does it go wrong, and why there?")
