import cfwidgets as cf

explorer = cf.SurveyExplorer(cf.zoo.classifier("digits"), cf.data.digits("test"))
explorer.run.result()
explorer.export("survey.html", title="Which digits are misread?")
