"""Imports a function and writes what came of it, as JSON, to a file: the application may print what it likes."""
import difflib
import importlib
import importlib.util
import json
import pkgutil
import sys

answer_file, module_name, function = sys.argv[1:]


def answer(outcome, detail="", names=(), wanted=""):
    matches = difflib.get_close_matches(wanted, sorted(set(names)), n=3, cutoff=0.5)
    with open(answer_file, "w", encoding="utf-8") as file:
        json.dump({"outcome": outcome, "detail": detail, "matches": matches}, file)
    sys.stdout.flush()
    # Threads that the import started must not keep the process alive.
    import os

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


sys.argv[:] = [module_name]
try:
    value = importlib.import_module(module_name)
except ModuleNotFoundError as error:
    if error.name and (module_name + ".").startswith(error.name + "."):
        names, wanted = siblings(error.name)
        answer("no-module", "", names, wanted)
    answer("import", "%s: %s" % (type(error).__name__, error))
except BaseException as error:
    answer("import", ("%s: %s" % (type(error).__name__, error)).splitlines()[0][:300])
for part in function.split("."):
    if not hasattr(value, part):
        answer("no-function", "", [name for name in dir(value) if callable(getattr(value, name, None))], part)
    value = getattr(value, part)
answer("callable" if callable(value) else "not-callable", "of type " + type(value).__name__)
