"""The notebook side: one file a widget, named as its engine."""
