"""Completes and finds definitions in the sources of the standard library."""
import jedi


def main():
    script = jedi.Script("import json\njson.loa")
    print([item.name for item in script.complete(2, 8)], jedi.Script("import textwrap\ntextwrap.dedent").goto(2, 12)[0].module_name)
