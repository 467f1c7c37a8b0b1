"""Modules of the package that are unpacked when they are first imported.

A folder of sys.path has a list, `_flavor_lazy.txt`, of what continues it: modules that are in slots of the package which nobody has
unpacked yet. The launcher beside this tree knows where the package is; it verifies the slot, unpacks it into a tree of its own, and
says where that is. Nothing here depends on the environment.
"""
import sys

LIST = "/_flavor_lazy.txt"
# Where the tree is: this file is two folders deep in it.
ROOT = __file__.rsplit("/", 3)[0]

_lists = {}
_places = {}


def find_spec(name, path=None, target=None):
    """As the last finder of sys.meta_path: for modules that are not there, and on a list."""
    for folder in list(sys.path):
        if isinstance(folder, str) and folder.startswith(ROOT):
            found = _listed(folder).get(name)
            if found:
                return _spec(name, folder, *found)
    return None


def _listed(folder):
    """What continues a folder: slot, folder in the slot's tree, and kind of module, by name."""
    entries = _lists.get(folder)
    if entries is None:
        entries = {}
        try:
            with open(folder + LIST, encoding="utf-8") as lines:
                for line in lines:
                    slot, at, kind, name = line.rstrip("\n").split("\t")
                    entries[name] = slot, at, kind
        except OSError:
            pass
        _lists[folder] = entries
    return entries


def _spec(name, folder, slot, at, kind):
    from importlib.machinery import ModuleSpec

    if kind == "namespace":
        # It can have parts in several places, and only the real finder knows them all.
        _place(name, folder, slot, at)
        return _real_spec(name, None)
    loader = _Loader(name, folder, slot, at)
    return ModuleSpec(name, loader, origin="slot %s of the package" % slot, is_package=kind == "package")


def _real_spec(name, place):
    from importlib.machinery import PathFinder

    parent = name.rpartition(".")[0]
    if place is None:
        return PathFinder.find_spec(name, sys.modules[parent].__path__ if parent else None)
    return PathFinder.find_spec(name, ["/".join([place] + parent.split(".")) if parent else place])


class _Loader:
    """Unpacks a module when it is loaded; looking whether it is there does not."""

    def __init__(self, name, folder, slot, at):
        self._wanted = name, folder, slot, at
        self._spec = None

    def _found(self):
        if self._spec is None:
            name, folder, slot, at = self._wanted
            place = _place(name, folder, slot, at)
            self._spec = _real_spec(name, place)
            if self._spec is None:
                raise ImportError("%s is not in %s, where its list says it is" % (name, place), name=name)
        return self._spec

    def create_module(self, spec):
        found = self._found()
        spec.loader = found.loader
        spec.origin = found.origin
        spec.submodule_search_locations = found.submodule_search_locations
        spec.cached = found.cached
        spec.has_location = found.has_location
        return found.loader.create_module(spec)

    def exec_module(self, module):
        self._found().loader.exec_module(module)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._found().loader, name)


def _place(name, folder, slot, at):
    """The folder that continues `folder`, on sys.path behind it."""
    import os

    if slot not in _places:
        _places[slot] = _unpacked(name, slot)
    place = _places[slot]
    place = os.path.join(place, at) if os.path.isdir(place) else os.path.dirname(place)
    if place not in sys.path:
        sys.path.insert(sys.path.index(folder) + 1 if folder in sys.path else len(sys.path), place)
    return place


def _unpacked(name, slot):
    """Where the slot is, by the launcher's word."""
    import os

    launcher = ROOT + "/.pspf/launcher"
    answer, answer_end = os.pipe()
    errors, errors_end = os.pipe()
    actions = [(os.POSIX_SPAWN_DUP2, answer_end, 1), (os.POSIX_SPAWN_DUP2, errors_end, 2)]
    try:
        child = os.posix_spawn(launcher, [launcher, "slot", slot], os.environ, file_actions=actions)
    except OSError as error:
        for end in answer, errors:
            os.close(end)
        raise _failed(name, slot, "%s: %s" % (launcher, error.strerror)) from None
    finally:
        for end in answer_end, errors_end:
            os.close(end)
    with open(answer, "rb") as answer, open(errors, "rb") as errors:
        place, said = answer.read(), errors.read()
    try:
        status = os.waitpid(child, 0)[1]
    except ChildProcessError:
        # Somebody else waits for all children; the answer says as much.
        status = 0 if place else 1
    if status or not place.endswith(b"\n"):
        raise _failed(name, slot, os.fsdecode(said).strip() or "the launcher ended with status %d" % status)
    return os.fsdecode(place[:-1])


def _failed(name, slot, why):
    return ImportError("%s is in the slot %s of the package, which cannot be unpacked: %s" % (name, slot, why), name=name)
