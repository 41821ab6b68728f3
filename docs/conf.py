"""Settings of the documentation: ``sphinx-build -W docs docs/_build/site`` builds it, without a network."""

from __future__ import annotations

import sys
from pathlib import Path

import cfwidgets

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

project = "cfwidgets"
author = "the cfwidgets authors"
project_copyright = f"{author}, BSD 3-Clause License"
version = release = cfwidgets.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "myst_parser",
    "gathered",
    "live",
    "mathml",
    "references",
]
exclude_patterns = ["_build", "_cards.md", "gathered/lists"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
nitpicky = True
nitpick_ignore_regex = [("py:class", r"cfwidgets\..*\.(R|T|Trained)")]  # variables of types
suppress_warnings = ["ref.python"]  # words in docstrings that are names of several attributes, too
default_role = "py:obj"

myst_enable_extensions = ["attrs_block", "attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 3

autosummary_generate = False
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_typehints_format = "short"
autodoc_inherit_docstrings = True
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False

html_context = {"default_mode": "auto"}
html_math_renderer = "mathml"
html_theme = "pydata_sphinx_theme"
html_title = "cfwidgets"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_show_search_summary = False  # it fetches pages, which a browser refuses from disk
html_theme_options = {
    "logo": {"text": "cfwidgets"},
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "header_links_before_dropdown": 8,
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "back_to_top_button": False,
    "pygments_light_style": "tango",
    "pygments_dark_style": "github-dark",
}
html_sidebars = {"index": [], "start": [], "glossary": []}
