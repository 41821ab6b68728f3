from skimage import data

import cfwidgets as cf

clf = cf.zoo.classifier("efficientnet-lite0").accelerated()
engine = cf.ELime(optimiser="climb", segments=100)
explorer = cf.SuperpixelExplorer(clf, data.cat(), engine=engine)
explorer.run.result()  # wait for the end of the search
explorer.export("superpixels.html", live="half", title="Which parts make this an Egyptian cat?")
