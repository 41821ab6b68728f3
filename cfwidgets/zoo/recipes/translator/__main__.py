"""Run the command: ``python -m cfwidgets.zoo.recipes.translator``."""

from cfwidgets.zoo.recipes.translator import main

if __name__ == "__main__":
    main()
