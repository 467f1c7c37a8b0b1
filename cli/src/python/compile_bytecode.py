"""Compiles the files that are named on standard input, ended by NUL, relative to the folder given.

Unchecked hash-based bytecode (PEP 552) holds no times and is never compared with its source. The name of a file in its code is
relative; the interpreter puts the real one in when it loads it.
"""
import importlib.util
import marshal
import os
import sys

HASH_BASED_UNCHECKED = (1).to_bytes(4, "little")
CODE = type((lambda: None).__code__)
ATTRIBUTES = [name for name in dir(CODE) if name.startswith("co_") and name not in ("co_code", "co_lines", "co_positions")]


def hold(value, held):
    """Collects everything that a code object is made of.

    marshal marks an object as shared if anyone else holds it, and strings may be held by any other part of the process, such as
    the path that this runs in. While all of them are held here, all are marked.
    """
    held.append(value)
    if isinstance(value, CODE):
        for name in ATTRIBUTES:
            attribute = getattr(value, name)
            if not callable(attribute):
                hold(attribute, held)
    elif isinstance(value, (tuple, frozenset)):
        for item in value:
            hold(item, held)


def compile_file(root, name):
    path = os.path.join(root, name)
    with open(path, "rb") as file:
        source = file.read()
    try:
        code = compile(source, name, "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError, RecursionError):
        # Templates and files for other versions of Python are not modules.
        return
    held = []
    hold(code, held)
    data = importlib.util.MAGIC_NUMBER + HASH_BASED_UNCHECKED + importlib.util.source_hash(source) + marshal.dumps(code)
    target = importlib.util.cache_from_source(path, optimization="")
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "wb") as file:
        file.write(data)


for name in sys.stdin.buffer.read().split(b"\0"):
    if name:
        compile_file(sys.argv[1], os.fsdecode(name))
