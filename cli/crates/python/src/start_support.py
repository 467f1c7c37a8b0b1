"""What scripts of packaged commands need now and then."""
import os
import sys


def prepare(command):
    """Makes `sys.argv[0]` a script with the name that the user has called the package by, and has missing modules explained."""
    called = os.environ.get("FLAVOR_COMMAND_NAME", command)
    if called != command and not called.endswith(".psp"):
        sys.argv[0] = script_called(called, command) or sys.argv[0]
    # For this program, not for those that it starts.
    if "PYTHONPATH" in os.environ.pop("FLAVOR_UNSET", "").split(","):
        explain_missing_modules()


def script_called(name, command):
    """A link to the script of the command, beside those that come with the package; none where it cannot be made."""
    if not name.isprintable() or name.startswith((".", "-", "python")):
        return None
    link = os.path.join(sys.prefix, "lib", "commands", name)
    target = os.path.join("..", "..", "bin", command)
    for attempt in range(2):
        try:
            return link if os.readlink(link) == target else None
        except FileNotFoundError:
            pass
        except OSError:
            return None
        try:
            os.symlink(target, link)
        except FileExistsError:
            pass
        except OSError:
            return None
    return None


def explain_missing_modules():
    """Says after the traceback of a module that is not found that PYTHONPATH was not looked at."""
    show = sys.excepthook

    def show_and_explain(kind, value, traceback):
        show(kind, value, traceback)
        if issubclass(kind, ModuleNotFoundError) and sys.stderr is not None:
            print(
                "hint: PYTHONPATH is set, and a packaged program does not look there; install the module into the package, "
                "or pack it with `isolated = false` in [tool.flavor.execution.runtime.env]",
                file=sys.stderr,
            )

    sys.excepthook = show_and_explain
