import cfwidgets as cf

clf = cf.zoo.classifier("concrete/ordinary")  # sound or cracked?
surface = cf.data.concrete(12, size=128).images[2]
engine = cf.ELime(segments=80, generations=30)
explorer = cf.SuperpixelExplorer(clf, surface, engine=engine)
explorer.run.result()  # wait for the end of the search
explorer.export("superpixels.html", title="Which parts make this surface cracked?")
