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
