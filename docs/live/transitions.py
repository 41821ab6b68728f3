import cfwidgets as cf

clf, generator = cf.zoo.classifier("digits"), cf.zoo.generator("digits")
digit = cf.data.digits("test").images[473]  # a 4 that the network reads as a 9
engine = cf.Transitions(starts=16, updates=150, phases=200)
explorer = cf.TransitionExplorer(clf, generator, digit, target="4", engine=engine)
explorer.run.result()
explorer.phase = explorer.flip_phase
explorer.export("transitions.html", title="Why was this 4 read as a 9?")
