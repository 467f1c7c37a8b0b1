"""Looks at what a command runs, and writes what came of it, as JSON, to a file: the application may print what it likes.

A function is imported. A module or file that runs as a whole is not run: of a module it is asked where it is, of a file whether what it
imports at its top is there.
"""
import ast
import difflib
import importlib
import importlib.util
import inspect
import json
import os
import pkgutil
import sys

answer_file, folder, kind, name, function = sys.argv[1:]

# Frameworks whose applications can be called, and do nothing then but answer one request.
FRAMEWORKS = {"aiohttp", "bottle", "django", "falcon", "fastapi", "flask", "litestar", "pyramid", "quart", "sanic", "starlette"}


def answer(outcome, detail="", names=(), wanted=""):
    matches = difflib.get_close_matches(wanted, sorted(set(names)), n=3, cutoff=0.5)
    with open(answer_file, "w", encoding="utf-8") as file:
        json.dump({"outcome": outcome, "detail": detail, "matches": matches}, file)
    sys.stdout.flush()
    # Threads that the import started must not keep the process alive.
    os._exit(0)


def siblings(name):
    """Names of the modules beside the one that was not found."""
    parent, _, last = name.rpartition(".")
    if not parent:
        return [found.name for found in pkgutil.iter_modules()], last
    try:
        return [parent + "." + found.name for found in pkgutil.iter_modules(importlib.import_module(parent).__path__)], name
    except BaseException:
        return [], name


def guarded(do):
    try:
        return do()
    except ModuleNotFoundError as error:
        if error.name and (name + ".").startswith(error.name + "."):
            answer("no-module", "", *siblings(error.name))
        answer("import", "%s: %s" % (type(error).__name__, error))
    except BaseException as error:
        answer("import", ("%s: %s" % (type(error).__name__, error)).splitlines()[0][:300])


def is_there(module):
    try:
        return module in sys.modules or importlib.util.find_spec(module) is not None
    except ValueError:
        return True


def check_file():
    path = os.path.join(folder, name)
    if not os.path.isfile(path):
        answer("no-file")
    sys.path.insert(0, os.path.dirname(path))
    try:
        with open(path, "rb") as file:
            tree = ast.parse(file.read(), name)
    except (SyntaxError, ValueError) as error:
        answer("no-python", "%s: %s" % (type(error).__name__, error))
    # What is in functions, conditions or `try` may be meant not to be there.
    for statement in tree.body:
        names = []
        if isinstance(statement, ast.Import):
            names = [alias.name for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom) and not statement.level and statement.module:
            names = [statement.module]
        for imported in names:
            # Of a package only that it is there: to look into it would run it.
            if not is_there(imported.split(".")[0]):
                answer("no-import", "%d %s" % (statement.lineno, imported))
    answer("callable")


def check_module():
    found = guarded(lambda: importlib.util.find_spec(name))
    if found is None:
        answer("no-module", "", *siblings(name))
    if found.submodule_search_locations is not None:
        if guarded(lambda: importlib.util.find_spec(name + ".__main__")) is None:
            answer("no-main")
    answer("callable")


def outcome(value):
    if not callable(value):
        answer("not-callable", "of type " + type(value).__name__)
    # A command of click is in some of these packages, too.
    if type(value).__module__.split(".")[0] in FRAMEWORKS and not hasattr(value, "main"):
        answer("application")
    if inspect.isroutine(value) or inspect.isclass(value):
        try:
            inspect.signature(value).bind()
            answer("factory")
        except (TypeError, ValueError):
            pass
    answer("callable")


if kind == "file":
    check_file()
if os.path.isdir(folder):
    sys.path.insert(0, folder)
sys.argv[:] = [name]
if kind == "module":
    check_module()
value = guarded(lambda: importlib.import_module(name))
for part in function.split("."):
    if not hasattr(value, part):
        answer("no-function", "", [name for name in dir(value) if callable(getattr(value, name, None))], part)
    value = getattr(value, part)
outcome(value)
