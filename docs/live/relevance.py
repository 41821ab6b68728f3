import cfwidgets as cf

clf = cf.zoo.classifier("digits")
digit = cf.data.digits("test").images[473]  # a 4 that the network reads as a 9
methods = ("integrated_gradients", "grad_cam", "rap")
engine = cf.Relevance(methods, layers=4)
explorer = cf.RelevanceExplorer(clf, digit, engine=engine)
explorer.run.result()
explorer.export("relevance.html", runtime="beside", title="Which pixels make it a 9?")
