"""Measures which lines of a module ran, and reports them with its template."""
import importlib.util
import pathlib
import tempfile

import coverage


def main():
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "choice.py")
        file.write_text("def choose(n):\n    if n:\n        return 'yes'\n    return 'no'\n\n\nchoose(1)\n")
        measured = coverage.Coverage(data_file=None, include=[str(file)])
        with measured.collect():
            spec = importlib.util.spec_from_file_location("choice", file)
            spec.loader.exec_module(importlib.util.module_from_spec(spec))
        print(round(measured.html_report(directory=folder + "/html")), measured.analysis(str(file))[2],
              pathlib.Path(folder, "html/index.html").exists())
