"""Runs a native program that a wheel installs beside the scripts."""
import pathlib
import subprocess
import sys
import tempfile


def main():
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "unused.py")
        file.write_text("import os\n")
        command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--output-format=concise", str(file)]
        print(subprocess.run(command, capture_output=True, text=True).stdout)
