//! Real applications: what people pack, as small projects around distributions from PyPI.

use std::fs;
use std::path::Path;

use anyhow::Result;

/// A project, and what its program must print.
pub(crate) struct App {
    pub(crate) name: &'static str,
    requires: &'static [&'static str],
    backend: Backend,
    /// The module `app`, with a function `main`.
    code: &'static str,
    pub(crate) arguments: &'static [&'static str],
    pub(crate) prints: &'static str,
    /// Further commands of the package, and what each prints.
    pub(crate) commands: &'static [(&'static str, &'static str)],
    /// Modules that are imported by names which PyInstaller does not see.
    pub(crate) hidden: &'static [&'static str],
}

#[derive(Clone, Copy, PartialEq)]
enum Backend {
    Setuptools,
    /// Version and dependencies are in `setup.py`.
    SetupPy,
    Hatchling,
    Poetry,
    Flit,
    /// Several commands in `project.scripts`.
    Scripts,
}

const fn app(name: &'static str, requires: &'static [&'static str], code: &'static str, prints: &'static str) -> App {
    App { name, requires, backend: Backend::Setuptools, code, arguments: &[], prints, commands: &[], hidden: &[] }
}

const fn built(name: &'static str, backend: Backend) -> App {
    App { backend, arguments: &["two words"], ..app(name, &["click"], CLICK, "Hello two words") }
}

const CLICK: &str = r#"
import click

@click.command()
@click.argument("name")
def main(name):
    click.echo(f"Hello {name}")
"#;

const RICH: &str = r#"
import click
from rich.console import Console
from rich.table import Table

@click.command()
@click.argument("name")
def main(name):
    table = Table("greeting")
    table.add_row(f"Hello {name}")
    Console().print(table)
"#;

/// A master with two workers, asked over TCP; it is stopped by a signal as an init system does. In a child by `fork`, because
/// other packers' programs have no `sys.executable` that takes modules.
const GUNICORN: &str = r#"
import os, signal, sys, time, urllib.request
from flask import Flask
from gunicorn.app.base import BaseApplication

wsgi = Flask(__name__)

@wsgi.get("/")
def root():
    return f"served by a worker of {os.getppid()}"

class Server(BaseApplication):
    def load_config(self):
        self.cfg.set("bind", "127.0.0.1:18431")
        self.cfg.set("workers", 2)

    def load(self):
        return wsgi

def main():
    master = os.fork()
    if not master:
        Server().run()
    for _ in range(600):
        try:
            text = urllib.request.urlopen("http://127.0.0.1:18431/").read().decode()
            break
        except OSError:
            time.sleep(0.1)
    else:
        sys.exit("no answer")
    os.kill(master, signal.SIGTERM)
    os.waitpid(master, 0)
    print(text.replace(str(master), "gunicorn"))
"#;

/// Three commands in one package.
const SCRIPTS: &str = r#"
import click

@click.command()
@click.argument("name")
def main(name):
    click.echo(f"Hello {name}")

@click.command()
@click.argument("name")
def second(name):
    click.echo(f"Welcome {name}")

@click.command()
@click.argument("name")
def third(name):
    click.echo(f"Goodbye {name}")
"#;

const PANDAS: &str = r#"
import numpy, pandas

def main():
    frame = pandas.DataFrame({"a": numpy.arange(6) % 2, "b": numpy.linalg.inv(numpy.eye(6)).sum(axis=0)})
    print(frame.groupby("a").b.sum().to_dict())
"#;

const FASTAPI: &str = r#"
import threading, time, urllib.request
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

class Item(BaseModel):
    price: float

api = FastAPI()

@api.get("/item")
def item(price: float) -> Item:
    return Item(price=price)

def main():
    server = uvicorn.Server(uvicorn.Config(api, port=18432, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    print(urllib.request.urlopen("http://127.0.0.1:18432/item?price=2.5").read().decode())
    server.should_exit = True
    thread.join()
"#;

const CRYPTOGRAPHY: &str = r#"
from cryptography.fernet import Fernet

def main():
    key = Fernet(Fernet.generate_key())
    print(key.decrypt(key.encrypt(b"a secret")).decode())
"#;

const HTTPIE: &str = r#"
import sys
from httpie.__main__ import main as http

def main():
    sys.argv = ["http", "--offline", "--ignore-stdin", "--print=HB", "example.org/get", "a==b"]
    sys.exit(http())
"#;

const BLACK: &str = r#"
import black

def main():
    print(black.format_str("x = {  'a':1 }", mode=black.Mode()))
"#;

/// docopt was never released as a wheel.
const DOCOPT: &str = r#"
import docopt

def main():
    print(docopt.docopt("usage: app <name>", ["two words"])["<name>"])
"#;

/// All of them.
pub(crate) const APPS: &[App] = &[
    App { arguments: &["two words"], ..app("click-rich", &["click", "rich"], RICH, "Hello two words") },
    App {
        hidden: &["gunicorn.glogging", "gunicorn.workers.sync"],
        ..app("flask-gunicorn", &["flask", "gunicorn"], GUNICORN, "served by a worker of gunicorn")
    },
    app("numpy-pandas", &["numpy", "pandas"], PANDAS, "{0: 3.0, 1: 3.0}"),
    app("fastapi-uvicorn", &["pydantic", "fastapi", "uvicorn"], FASTAPI, "{\"price\":2.5}"),
    app("cryptography", &["cryptography"], CRYPTOGRAPHY, "a secret"),
    app("httpie", &["httpie"], HTTPIE, "GET /get?a=b HTTP/1.1"),
    app("black", &["black"], BLACK, "x = {\"a\": 1}"),
    built("hatchling", Backend::Hatchling),
    built("poetry-core", Backend::Poetry),
    built("flit", Backend::Flit),
    built("setup-py", Backend::SetupPy),
    app("sdist-only", &["docopt==0.6.2"], DOCOPT, "two words"),
    App {
        code: SCRIPTS,
        commands: &[("second", "Welcome two words"), ("third", "Goodbye two words")],
        ..built("three-scripts", Backend::Scripts)
    },
    app("pylint", &["pylint"], include_str!("programs/pylint.py"), "True True"),
    app("mypy", &["mypy"], include_str!("programs/mypy.py"), "Incompatible types in assignment"),
    app("sphinx", &["sphinx"], include_str!("programs/sphinx.py"), "0 True True True"),
    app("jupyter", &["nbconvert", "ipykernel"], include_str!("programs/jupyter.py"), "True True"),
    app("ansible", &["ansible-core"], include_str!("programs/ansible.py"), "\"msg\": \"[1, 2, 3]\""),
    app("pytest", &["pytest", "pytest-xdist"], include_str!("programs/pytest.py"), "4 passed"),
    app("django", &["django"], include_str!("programs/django.py"), "200 True 200 True"),
    app("celery", &["celery"], include_str!("programs/celery.py"), "sum 42"),
    app("aiohttp", &["aiohttp"], include_str!("programs/aiohttp.py"), "{'hello': 'world'} aiohttp._http_parser"),
    app("tornado", &["tornado"], include_str!("programs/tornado.py"), "echo hello"),
    app("twisted", &["twisted"], include_str!("programs/twisted.py"), "HELLO ['dns', 'web']"),
    app("grpc", &["grpcio"], include_str!("programs/grpc.py"), "desserts"),
    app("alembic", &["alembic"], include_str!("programs/alembic.py"), "['alembic_version', 'users']"),
    app("requests", &["requests", "cryptography"], include_str!("programs/requests.py"), "over TLS True True"),
    app("boto3", &["boto3"], include_str!("programs/boto3.py"), "https://bucket.s3.amazonaws.com/a%20file True"),
    app("scikit-learn", &["scikit-learn"], include_str!("programs/scikit-learn.py"), "True"),
    app("matplotlib", &["matplotlib"], include_str!("programs/matplotlib.py"), "PNG True"),
    app("pillow", &["pillow"], include_str!("programs/pillow.py"), "WEBP (200, 80) True"),
    app("lxml", &["lxml"], include_str!("programs/lxml.py"), "<names><name>a</name><name>b</name></names>"),
    app("pygame", &["pygame-ce"], include_str!("programs/pygame.py"), "(0, 0, 255) True"),
    app("textual", &["textual"], include_str!("programs/textual.py"), "Hello you"),
    app("ipython", &["ipython"], include_str!("programs/ipython.py"), "42 JSONDecodeError ['load', 'loads']"),
    app("mkdocs", &["mkdocs"], include_str!("programs/mkdocs.py"), "True True True"),
    app("flake8", &["flake8", "flake8-bugbear"], include_str!("programs/flake8.py"), "found 6"),
    app("jedi", &["jedi"], include_str!("programs/jedi.py"), "['load', 'loads'] textwrap"),
    app("coverage", &["coverage"], include_str!("programs/coverage.py"), "80 [4] True"),
    app("virtualenv", &["virtualenv"], include_str!("programs/virtualenv.py"), "pip True"),
    app(
        "polars",
        &["polars"],
        include_str!("programs/polars.py"),
        "[{'kind': 'a', 'count': 4}, {'kind': 'b', 'count': 2}]",
    ),
    app("duckdb", &["duckdb"], include_str!("programs/duckdb.py"), "(45"),
    app("yt-dlp", &["yt-dlp"], include_str!("programs/yt-dlp.py"), "CCC a film [1].mp4"),
    app("paramiko", &["paramiko"], include_str!("programs/paramiko.py"), "ran whatever"),
    app("ruff", &["ruff"], include_str!("programs/ruff.py"), "F401"),
    app(
        "uvicorn-workers",
        &["uvicorn", "starlette"],
        include_str!("programs/uvicorn-workers.py"),
        "served by a worker of the master: True",
    ),
    app("stevedore", &["stevedore"], include_str!("programs/stevedore.py"), "['app-stevedore'] True"),
    app("cookiecutter", &["cookiecutter"], include_str!("programs/cookiecutter.py"), "for NEW ran"),
    app("typer", &["typer"], include_str!("programs/typer.py"), "a wall in blue a wall in blue"),
];

impl App {
    /// Writes the project into the new folder `to`.
    pub(crate) fn write(&self, to: &Path) -> Result<()> {
        fs::create_dir_all(to)?;
        let requires = format!("{:?}", self.requires);
        let (build, dynamic) = match self.backend {
            Backend::Setuptools | Backend::Scripts => {
                ("['setuptools']\nbuild-backend = 'setuptools.build_meta'", false)
            }
            Backend::SetupPy => ("['setuptools']\nbuild-backend = 'setuptools.build_meta'", true),
            Backend::Hatchling => ("['hatchling']\nbuild-backend = 'hatchling.build'", false),
            Backend::Poetry => ("['poetry-core>=2']\nbuild-backend = 'poetry.core.masonry.api'", false),
            Backend::Flit => ("['flit_core']\nbuild-backend = 'flit_core.buildapi'", false),
        };
        let fields = if dynamic {
            "dynamic = ['version', 'dependencies']".to_owned()
        } else {
            format!("version = '1.0'\ndescription = 'An application'\ndependencies = {requires}")
        };
        let more = if self.backend == Backend::Scripts { "second = 'app:second'\nthird = 'app:third'\n" } else { "" };
        let layout = match self.backend {
            Backend::Hatchling => "[tool.hatch.build.targets.wheel]\nonly-include = ['app.py']\n",
            Backend::Poetry => "[tool.poetry]\npackages = [{ include = 'app.py' }]\n",
            Backend::Flit => "[tool.flit.module]\nname = 'app'\n",
            _ => "[tool.setuptools]\npy-modules = ['app']\n",
        };
        let manifest = format!(
            "[build-system]\nrequires = {build}\n\n[project]\nname = 'app-{name}'\n{fields}\n\n[project.scripts]\napp-{name} = 'app:main'\n{more}\n\
             [tool.flavor]\nentry_point = 'app:main'\n\n{layout}",
            name = self.name
        );
        fs::write(to.join("pyproject.toml"), manifest)?;
        if self.backend == Backend::SetupPy {
            let text = format!("from setuptools import setup\n\nsetup(version='1.0', install_requires={requires})\n");
            fs::write(to.join("setup.py"), text)?;
        }
        fs::write(to.join("app.py"), format!("\"\"\"An application.\"\"\"{}", self.code))?;
        Ok(())
    }

    /// What PyInstaller and the like must be told.
    pub(crate) fn requires(&self) -> &'static [&'static str] {
        self.requires
    }
}
