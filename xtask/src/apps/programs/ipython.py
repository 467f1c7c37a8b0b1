"""A cell with a magic word, a traceback with source lines, and completion by jedi."""
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell


def main():
    shell = InteractiveShell.instance()
    shell.run_cell("%precision 2\nvalue = 6 * 7")
    result = shell.run_cell("import json\njson.loads('{')")
    with provisionalcompleter():
        names = [completion.text for completion in shell.Completer.completions("json.lo", 7)]
    print(shell.user_ns["value"], type(result.error_in_exec).__name__, names)
