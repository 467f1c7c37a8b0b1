"""Where a lazy slot of the running package is, extracted when it is first asked for.

    from lazy_slot import lazy_slot

    model = lazy_slot("models") / "small.onnx"

Copy this file into the program. It needs nothing but the standard library.
"""

import functools
import os
import pathlib
import subprocess


class NotPackaged(RuntimeError):
    """The program does not run from a package, so it has no slots."""


@functools.cache
def lazy_slot(identifier: str) -> pathlib.Path:
    """The slot's file, or for an archive the directory that it is unpacked into.

    The launcher verifies and extracts it on the first call on this machine; later calls, also of other processes at the
    same time, wait for that and get the same path. It is to be read only, as everything that the launcher extracts.

    Raises NotPackaged, or subprocess.CalledProcessError where the launcher cannot extract it (its message is on stderr).
    """
    launcher = os.environ.get("FLAVOR_LAUNCHER")
    if launcher is None:
        raise NotPackaged(f"slot {identifier!r}: FLAVOR_LAUNCHER is not set")
    answer = subprocess.run([launcher, "slot", identifier], stdout=subprocess.PIPE, check=True)
    return pathlib.Path(os.fsdecode(answer.stdout.removesuffix(b"\n")))
