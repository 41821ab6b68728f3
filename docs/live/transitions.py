import cfwidgets as cf

clf, generator = cf.zoo.classifier("digits"), cf.zoo.generator("digits")
digit = cf.data.digits("test").images[473]  # a 4 that the network reads as a 9
engine = cf.Transitions(starts=24, updates=300)
explorer = cf.TransitionExplorer(clf, generator, digit, target="4", engine=engine)
explorer.run.result()
explorer.export("transitions.html", title="Why was this 4 read as a 9?")
