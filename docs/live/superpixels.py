import cfwidgets as cf

clf = cf.zoo.classifier("portraits/male-biased")  # trained where lipstick predicts the class
worn = {"Male": False, "Wearing_Lipstick": True, "Eyeglasses": False}
face = cf.data.portraits(6, size=128, seed=1, attributes=worn).images[0]
engine = cf.ELime(segments=60, generations=30)
explorer = cf.SuperpixelExplorer(clf, face, "not Male", engine=engine)
explorer.run.result()  # wait for the end of the search
explorer.export("superpixels.html", runtime="beside", title="Which parts of this face decide?")
