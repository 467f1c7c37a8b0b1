"""Makes an environment of this Python, with pip from the wheels that virtualenv brings, and runs both."""
import subprocess
import tempfile

from virtualenv import cli_run


def main():
    with tempfile.TemporaryDirectory() as folder:
        session = cli_run([folder + "/env", "--no-download", "--no-vcs-ignore", "--quiet", "--no-periodic-update"])
        python = str(session.creator.exe)
        shown = subprocess.run([python, "-m", "pip", "--version"], capture_output=True, text=True, check=True).stdout
        prefix = subprocess.run([python, "-c", "import sys; print(sys.prefix)"], capture_output=True, text=True, check=True)
        print(shown.split()[0], prefix.stdout.strip() == folder + "/env")
