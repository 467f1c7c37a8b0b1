"""Lints a file that imports the standard library, whose sources pylint reads."""
import io
import pathlib
import tempfile

from pylint.lint import Run
from pylint.reporters.text import TextReporter

SOURCE = '''"""A module."""
import json


def names(text: str) -> list[str]:
    """Names in a JSON list."""
    return [item["name"] for item in json.loads(text)]
'''


def main():
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "names.py")
        file.write_text(SOURCE)
        broken = pathlib.Path(folder, "broken.py")
        broken.write_text(SOURCE.replace("loads", "laods"))
        print("rated at 10.00/10" in lint(file), "Module 'json' has no 'laods' member" in lint(broken))


def lint(file):
    text = io.StringIO()
    Run([str(file), "--jobs=1"], reporter=TextReporter(text), exit=False)
    return text.getvalue()
