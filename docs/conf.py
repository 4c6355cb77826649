"""How the docs are built: Markdown pages of the guide, and the reference from the code's docstrings."""

import importlib.metadata

from sphinx.application import Sphinx

project = "Norrsyn"
release = importlib.metadata.version("norrsyn")
html_title = f"Norrsyn {release}"
html_theme = "alabaster"
html_theme_options = {
    "description": "Where the next joint inspection should go",
    "fixed_sidebar": True,
    "show_powered_by": False,
}
html_show_copyright = False
html_show_sourcelink = False

extensions = ["myst_parser", "sphinx.ext.apidoc", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "index"
exclude_patterns = ["code/*/modules.rst"]

# A parameter in backticks may have the name of several classes' attributes.
suppress_warnings = ["ref.python"]

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

apidoc_modules = [
    {
        "path": f"../{package}",
        "destination": f"code/{package}",
        "separate_modules": True,
        "module_first": True,
        "automodule_options": {"members", "show-inheritance"},
        # steps of the database are run by alembic alone, and cannot be imported without it
        "exclude_patterns": ["**/migrations"],
    }
    for package in ("geo", "maps", "api")
]
# Each thing is described once, in the module that defines it.
autodoc_default_options = {"ignore-module-all": True, "exclude-members": "cache_ok"}
autodoc_typehints = "none"
napoleon_google_docstring = False
napoleon_custom_sections = ["Source"]
napoleon_use_ivar = True
# What stands at a parameter's colon is shape, unit and coordinate system, in words: not names of types to link.
napoleon_use_param = False
napoleon_use_rtype = False


def give_source_its_section(
    app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]
) -> None:
    """Turn a closing ``Source: ...`` line into a section, or it would count as part of the section above it."""
    del app, what, name, thing, options
    for number, line in enumerate(lines):
        if line.startswith("Source: "):
            lines[number : number + 1] = ["Source", "------", line.removeprefix("Source: ")]
            return


def setup(app: Sphinx) -> None:
    """Run before napoleon reads the sections."""
    app.connect("autodoc-process-docstring", give_source_its_section, priority=400)
