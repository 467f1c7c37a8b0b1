"""Checks a file in worker processes with a plugin that is found by entry points."""
import pathlib
import tempfile

from flake8.main.application import Application


def main():
    with tempfile.TemporaryDirectory() as folder:
        for name in ("one", "two", "three"):
            pathlib.Path(folder, name + ".py").write_text("import os\n\n\ndef f(a=[]):\n    return a\n")
        application = Application()
        try:
            application.run(["--jobs=2", "--select=F,B", "--isolated", folder])
        finally:
            print("found", application.result_count)
