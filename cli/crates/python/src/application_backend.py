"""Makes a wheel of the files around it, as they are. A build backend (PEP 517) that needs nothing but Python."""
import base64
import hashlib
import os
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    with open(os.path.join(HERE, "names"), encoding="utf-8") as file:
        name, version, folder = file.read().splitlines()
    members = {}
    for place, folders, files in os.walk(ROOT, followlinks=True):
        # Links that lead back would be followed for ever.
        own = os.path.realpath(place) + os.sep
        folders[:] = [
            found
            for found in folders
            if os.path.join(place, found) != HERE and not own.startswith(os.path.realpath(os.path.join(place, found)) + os.sep)
        ]
        for file in files:
            path = os.path.join(place, file)
            members[folder + "/" + os.path.relpath(path, ROOT).replace(os.sep, "/")] = path
    members.pop(folder + "/pyproject.toml")
    kept = os.path.join(HERE, "pyproject.toml")
    if os.path.exists(kept):
        members[folder + "/pyproject.toml"] = kept
    dist_info = name + "-" + version + ".dist-info"
    members[dist_info + "/METADATA"] = os.path.join(HERE, "METADATA")
    members[dist_info + "/entry_points.txt"] = os.path.join(HERE, "entry_points.txt")
    wheel_name = name + "-" + version + "-py3-none-any.whl"
    lines = []
    with zipfile.ZipFile(os.path.join(wheel_directory, wheel_name), "w") as wheel:

        def add(member, pieces, mode):
            info = zipfile.ZipInfo(member, (1980, 1, 1, 0, 0, 0))
            info.external_attr = (0o100755 if mode & 0o111 else 0o100644) << 16
            digest, size = hashlib.sha256(), 0
            with wheel.open(info, "w", force_zip64=True) as target:
                for piece in pieces:
                    digest.update(piece)
                    size += len(piece)
                    target.write(piece)
            encoded = base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
            quoted = '"%s"' % member.replace('"', '""') if set(member) & set(',"') else member
            lines.append("%s,sha256=%s,%d" % (quoted, encoded, size))

        for member in sorted(members):
            with open(members[member], "rb") as file:
                add(member, iter(lambda: file.read(1 << 20), b""), os.stat(members[member]).st_mode)
        # Programs that it starts with the same interpreter find its modules, too.
        add(name + ".pth", [folder.encode() + b"\n"], 0)
        add(dist_info + "/WHEEL", [b"Wheel-Version: 1.0\nGenerator: flavor\nRoot-Is-Purelib: true\nTag: py3-none-any\n"], 0)
        record = dist_info + "/RECORD"
        add(record, ["".join(line + "\n" for line in [*lines, record + ",,"]).encode()], 0)
    return wheel_name
