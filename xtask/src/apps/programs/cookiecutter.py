"""Makes a project from a template with a hook, which is run by this Python."""
import pathlib
import tempfile

from cookiecutter.main import cookiecutter


def main():
    with tempfile.TemporaryDirectory() as folder:
        template = pathlib.Path(folder, "template")
        (template / "{{cookiecutter.name}}").mkdir(parents=True)
        (template / "hooks").mkdir()
        (template / "cookiecutter.json").write_text('{"name": "new"}')
        (template / "{{cookiecutter.name}}/README").write_text("for {{cookiecutter.name | upper}}")
        (template / "hooks/post_gen_project.py").write_text("open('hook', 'w').write('ran')")
        made = cookiecutter(str(template), no_input=True, output_dir=folder)
        print(pathlib.Path(made, "README").read_text(), pathlib.Path(made, "hook").read_text())
