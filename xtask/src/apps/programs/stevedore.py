"""Finds plugins of its own and of others by entry points."""
from importlib.metadata import distribution

from stevedore import ExtensionManager


def main():
    found = ExtensionManager("console_scripts").names()
    own = [point.name for point in distribution("app-stevedore").entry_points]
    print(own, "app-stevedore" in found)
