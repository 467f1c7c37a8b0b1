"""Tells Tcl and Tk where their scripts are, while an interpreter of theirs starts: where they were built is another machine."""
import os

import _tkinter

_scripts = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, os.pardir, os.pardir, "share", "tcltk")
_create = _tkinter.create


def _places():
    known = (("TCL_LIBRARY", "init.tcl"), ("TK_LIBRARY", "tk.tcl"))
    folders = sorted(os.listdir(_scripts)) if os.path.isdir(_scripts) else []
    for variable, first in known:
        for folder in folders:
            place = os.path.normpath(os.path.join(_scripts, folder))
            if variable not in os.environ and os.path.isfile(os.path.join(place, first)):
                yield variable, place


def create(*arguments):
    # Not for longer: programs that this one starts may have another Tcl.
    places = dict(_places())
    os.environ.update(places)
    try:
        return _create(*arguments)
    finally:
        for variable in places:
            os.environ.pop(variable, None)


_tkinter.create = create
