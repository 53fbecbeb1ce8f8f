"""How Sphinx makes the website. `python3 course.py site` calls it by way of build.py, which prepares the pages."""

import inspect
import os
import re
from pathlib import Path

from docutils import nodes
from latex2mathml.converter import convert

HERE = Path(__file__).parent

project = "BagNet, a course"
author = copyright = "The BagNet course authors"
language = "en"
extensions = ["myst_nb", "sphinx.ext.autodoc"]
exclude_patterns = ["jupyter_execute", "**.ipynb_checkpoints"]
templates_path = [str(HERE / "templates")]

nb_execution_mode = "off"  # the notebooks are shown with the outputs that were committed
nb_merge_streams = True
nb_number_source_lines = False
myst_enable_extensions = ["dollarmath", "html_image", "attrs_inline"]
myst_heading_anchors = 4
myst_update_mathjax = False
default_role = "code"
add_module_names = False
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 88

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = [str(HERE / "static"), os.environ["COURSE_STATIC"]]
html_favicon = str(HERE / "static" / "icons" / "patch.svg")
html_css_files = ["site.css", "exercise.css"]
html_js_files = [(name, {"defer": "defer"}) for name in ("live.js", "exercise.js")]
html_copy_source = False
html_show_sphinx = False
html_math_renderer = "mathml"
html_last_updated_fmt = None
html_sidebars = {"**": ["navbar-logo.html", "search-button-field.html", "sbt-sidebar-nav.html"]}
html_context = {"repository": os.environ.get("COURSE_REPOSITORY", ""), "default_mode": "auto"}
html_theme_options = {
    "article_header_end": ["open-in.html", "theme-switcher.html", "search-button.html"],
    "navbar_persistent": [],
    "show_navbar_depth": 1,
    "show_toc_level": 2,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "extra_footer": "",
}


def mathml(display: str):
    """A formula as MathML, which browsers draw and read aloud themselves."""

    def visit(translator, node):
        formula = convert(node.astext(), display=display)
        translator.body.append(f'<div class="math">{formula}</div>' if display == "block" else formula)
        raise nodes.SkipNode

    return visit, None


def fields(app, what, name, thing, options, lines: list[str]) -> None:
    """Docstrings say `argument: what it is.` in plain lines; on the page these become a list."""
    known = parameters(thing)
    for n, line in enumerate(lines):
        lines[n] = line.replace("*", "\\*")
        for argument in known:
            lines[n] = re.sub(rf"(^|(?<=[.;] )){argument}: ", rf"\n\n:param {argument}: ", lines[n])
    lines[:] = "\n".join(lines).split("\n")
    inside = False
    for n, line in enumerate(lines):
        inside = line.startswith(":param") or (inside and bool(line))
        lines[n] = f"    {line}" if inside and line[0] != ":" else line


def parameters(thing) -> tuple[str, ...]:
    try:
        return tuple(inspect.signature(thing).parameters)
    except (TypeError, ValueError):
        return ()


def setup(app) -> None:
    app.connect("autodoc-process-docstring", fields)
    app.add_html_math_renderer("mathml", mathml("inline"), mathml("block"))
