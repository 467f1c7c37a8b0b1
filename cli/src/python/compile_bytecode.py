"""Compiles the files that are named on standard input, ended by NUL, relative to the folder given.

Unchecked hash-based bytecode (PEP 552) holds no times and is never compared with its source. The name of a file in its code is
relative; the interpreter puts the real one in when it loads it.
"""
import os
import py_compile
import sys

root = sys.argv[1]
for name in sys.stdin.buffer.read().split(b"\0"):
    if name:
        name = os.fsdecode(name)
        try:
            py_compile.compile(
                os.path.join(root, name),
                dfile=name,
                doraise=True,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )
        except (py_compile.PyCompileError, UnicodeError):
            # Templates and files for other versions of Python are not modules.
            pass
