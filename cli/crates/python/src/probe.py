"""Says, as JSON, what must be known of this interpreter to make a relocatable copy of it."""
import json
import os
import sys
import sysconfig

version = "%d.%d" % sys.version_info[:2]
abiflags = getattr(sys, "abiflags", "")
base = sys.base_prefix
executable = os.path.join(base, "bin", "python" + version + abiflags)
if not os.path.isfile(executable):
    executable = getattr(sys, "_base_executable", None) or sys.executable
facts = {
    "implementation": sys.implementation.name,
    "version": list(sys.version_info[:3]),
    "abiflags": abiflags,
    "executable": os.path.realpath(executable),
    "base_prefix": base,
    "stdlib": os.path.dirname(os.path.abspath(os.__file__)),
    "lib_dynload": next((path for path in sys.path if os.path.basename(path) == "lib-dynload"), None),
    "include": None,
    "wheels": sysconfig.get_config_var("WHEEL_PKG_DIR") or None,
    "cafile": None,
    "capath": None,
}
try:
    import ssl

    paths = ssl.get_default_verify_paths()
    facts["cafile"], facts["capath"] = paths.openssl_cafile, paths.openssl_capath
except ImportError:
    pass
try:
    import sysconfig

    facts["include"] = sysconfig.get_path("include")
except (ImportError, KeyError):
    pass
print(json.dumps(facts))
