"""Checks types with mypy's stubs of the standard library."""
import pathlib
import tempfile

from mypy import api


def main():
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "count.py")
        file.write_text("import json\n\ncount: int = json.dumps([1])\n")
        print(api.run([str(file), "--cache-dir", folder])[0].split("error: ")[1])
