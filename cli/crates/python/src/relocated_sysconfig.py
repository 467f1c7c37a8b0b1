

# Where this tree is, in place of where its interpreter was installed (appended by the packager).
def _relocated(value, installed=build_time_vars.get("prefix", "")):
    import os
    import sys

    def here(word):
        for option in ("", "-I", "-L"):
            place = word[len(option):]
            if word.startswith(option) and (place == installed or place.startswith(installed + "/")):
                moved = sys.base_prefix + place[len(installed):]
                # What is not here is the machine's: `/usr/bin/install`.
                return option + moved if os.path.exists(moved) else word
        return word

    return " ".join(map(here, value.split(" "))) if installed and isinstance(value, str) and installed in value else value


build_time_vars = {name: _relocated(value) for name, value in build_time_vars.items()}
