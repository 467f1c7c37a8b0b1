"""Runs tests in two worker processes: plugins by entry points, assertions rewritten."""
import pathlib
import sys
import tempfile

import pytest

TESTS = """
import pytest

@pytest.mark.parametrize("number", range(4))
def test_number(number, tmp_path):
    (tmp_path / "number").write_text(str(number))
    assert int((tmp_path / "number").read_text()) == number
"""


def main():
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "test_numbers.py").write_text(TESTS)
        sys.exit(pytest.main(["-n", "2", "-q", "-p", "no:cacheprovider", "--rootdir", folder, folder]))
