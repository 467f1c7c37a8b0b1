"""Runs a playbook task in a worker process, with plugins that are found by folder."""
import sys

from ansible.cli.adhoc import AdHocCLI


def main():
    sys.exit(AdHocCLI(["ansible", "localhost", "-m", "debug", "-a", "msg={{ [3, 1, 2] | sort | to_json }}"]).run())
