"""How the docs are built: Markdown pages of the guide, and the reference from the code's docstrings."""

import importlib.metadata

project = "Norrsyn"
release = importlib.metadata.version("norrsyn")
html_title = f"Norrsyn {release}"
html_theme = "alabaster"
html_theme_options = {"description": "Where the next joint inspection should go", "fixed_sidebar": True}
html_show_sourcelink = False

extensions = ["myst_parser", "sphinx.ext.apidoc", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "index"
exclude_patterns = ["reference/*/modules.rst"]

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

apidoc_modules = [
    {
        "path": f"../{package}",
        "destination": f"reference/{package}",
        "separate_modules": True,
        "module_first": True,
        "automodule_options": {"members", "show-inheritance"},
    }
    for package in ("geo", "maps", "api")
]
autodoc_typehints = "none"
napoleon_google_docstring = False
napoleon_custom_sections = ["Source"]
