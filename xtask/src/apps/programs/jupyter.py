"""Runs a notebook in a kernel, a second process of this Python, and exports it as a page with a template from share/jupyter."""
import nbformat
from nbconvert import HTMLExporter
from nbconvert.preprocessors import ExecutePreprocessor


def main():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import sys\nprint('answer', 6 * 7)")])
    ExecutePreprocessor(timeout=120, kernel_name="python3").preprocess(notebook)
    page, _ = HTMLExporter().from_notebook_node(notebook)
    print("answer 42" in page, "jp-Notebook" in page)
