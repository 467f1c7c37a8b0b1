"""Compiles the files that are named on standard input, ended by NUL, relative to the folder given.

Unchecked hash-based bytecode (PEP 552) holds no times and is never compared with its source. The name of a file in its code is
relative; the interpreter puts the real one in when it loads it.
"""
import ast
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


def without_docstrings(source, name):
    """The module's tree, with an empty statement in place of each docstring."""
    tree = ast.parse(source, name)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            if ast.get_docstring(node, clean=False) is not None:
                node.body[0] = ast.copy_location(ast.Pass(), node.body[0])
    return tree


def compile_file(root, name, levels, docstrings):
    path = os.path.join(root, name)
    with open(path, "rb") as file:
        source = file.read()
    for level in levels:
        compile_source(source, path, name, level, docstrings)


def compile_source(source, path, name, level, docstrings):
    try:
        tree = without_docstrings(source, name) if docstrings == "strip" else source
        code = compile(tree, name, "exec", dont_inherit=True, optimize=level)
    except (SyntaxError, ValueError, RecursionError):
        # Templates and files for other versions of Python are not modules.
        return
    held = []
    hold(code, held)
    data = importlib.util.MAGIC_NUMBER + HASH_BASED_UNCHECKED + importlib.util.source_hash(source) + marshal.dumps(code)
    target = importlib.util.cache_from_source(path, optimization=level or "")
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "wb") as file:
        file.write(data)


for name in sys.stdin.buffer.read().split(b"\0"):
    if name:
        compile_file(sys.argv[1], os.fsdecode(name), [int(level) for level in sys.argv[2].split(",")], sys.argv[3])
