"""Builds a site with a theme and a plugin that are found by entry points."""
import pathlib
import tempfile

from mkdocs.commands.build import build
from mkdocs.config import load_config


def main():
    with tempfile.TemporaryDirectory() as folder:
        pages = pathlib.Path(folder, "docs")
        pages.mkdir()
        (pages / "index.md").write_text("# Title\n\nSome *text*.\n")
        pathlib.Path(folder, "mkdocs.yml").write_text("site_name: site\ntheme: readthedocs\nplugins: [search]\n")
        build(load_config(folder + "/mkdocs.yml"))
        site = pathlib.Path(folder, "site")
        print("<em>text</em>" in (site / "index.html").read_text(), (site / "search/search_index.json").exists(),
              (site / "css/theme.css").exists())
