"""Builds a site with autodoc, which imports and inspects modules, and with Pygments and a theme."""
import pathlib
import tempfile

from sphinx.cmd.build import build_main

INDEX = """Reference
=========

.. automodule:: textwrap
   :members: dedent

.. code-block:: python

   print("coloured")
"""


def main():
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder, "source")
        source.mkdir()
        (source / "conf.py").write_text("project = 'reference'\nextensions = ['sphinx.ext.autodoc', 'sphinx.ext.viewcode']\n")
        (source / "index.rst").write_text(INDEX)
        status = build_main(["-q", "-b", "html", str(source), folder + "/out"])
        page = pathlib.Path(folder, "out/index.html").read_text()
        sources = pathlib.Path(folder, "out/_modules/textwrap.html").exists()
        print(status, "textwrap.dedent" in page, "highlight-python" in page, sources)
