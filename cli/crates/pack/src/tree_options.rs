//! From the manifest's settings to those of the tree.

use flavor_manifest::{
    commands::{Script, Server, Target},
    pyproject::PythonSpec,
};
use flavor_python::{
    BuildEnvironment, BuildOptions, CompileOptions, EntryPoint, Installs, Interface, Lock, LockKind, ProjectSource,
    StandardLibrary, TreeOptions, TrimOptions,
};
use std::path::{Path, PathBuf};

/// What a script runs.
#[must_use]
pub(crate) fn entry_point(script: &Script) -> Option<EntryPoint> {
    match &script.target {
        Target::Function { module, function } => EntryPoint::parse(&format!("{module}:{function}")),
        Target::Module(module) => EntryPoint::module(module),
        Target::File(path) => EntryPoint::file(path),
    }
    .ok()
}

/// What the manifest says about the tree.
#[must_use]
pub(crate) fn tree_options(spec: &PythonSpec, source: &ProjectSource) -> TreeOptions {
    let directory = source.folder();
    let build = &spec.build;
    let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
    let named = build.requirements_file.as_ref().map(absolute);
    let found = match &named {
        Some(file) => Lock::named(file),
        None => lock_beside(source),
    };
    let is_list = |lock: &Lock| lock.kind == LockKind::Requirements;
    // Requirements are what they are without a lock, too.
    let requirements_file = named.filter(|_| found.as_ref().is_none_or(|lock| is_list(lock) && !build.lock));
    let (lock, passed_over) = if build.lock { (found, None) } else { (None, found) };
    let has_environment = build.venv_path.is_some() || build.system_site_packages || !build.pre_install.is_empty();
    TreeOptions {
        commands: spec
            .commands
            .others
            .iter()
            .filter_map(|script| Some((script.name.clone(), entry_point(script)?)))
            .collect(),
        server: spec.commands.server.map(|server| match server {
            Server::Wsgi => Interface::Wsgi,
            Server::Asgi => Interface::Asgi,
        }),
        scripts_of: spec.commands.left_to_backend.then(|| spec.project_name.clone()),
        accepts: spec.python.accepts.clone(),
        index: build.index.clone(),
        installs: Installs {
            requirements: build.extra_packages.clone(),
            projects: build.local_projects.iter().map(absolute).collect(),
            requirements_file,
            lock,
            passed_over,
            dev_group: build.dev_group,
            use_pip: build.use_pip,
            pip: spec.python.pip,
            manylinux: build.manylinux,
        },
        build: BuildOptions {
            requires: build.requires.clone(),
            include: build.include.clone(),
            exclude: build.exclude.clone(),
            data: data(spec, directory),
            env: build.env.clone(),
            environment: has_environment.then(|| BuildEnvironment {
                path: build.venv_path.as_ref().map(absolute),
                system_site_packages: build.system_site_packages,
                commands: build.pre_install.clone(),
            }),
        },
        trim: TrimOptions { exclude: build.exclude_from_deps.clone(), tests: build.trim, strip: build.strip },
        compile: CompileOptions {
            optimization_level: spec.compile.optimization_level,
            compile: spec.compile.compile,
            strip_docstrings: spec.compile.strip_docstrings,
        },
        lazy_dependencies: spec.python.lazy_dependencies.clone(),
        stdlib: if spec.compile.minimal_stdlib { StandardLibrary::Minimal } else { StandardLibrary::Full },
        run_env: spec.execution.runtime_env.set.iter().chain(&spec.execution.env).cloned().collect(),
    }
}

/// The lock of a project. That of a folder says nothing of a script in it, which has its own.
fn lock_beside(source: &ProjectSource) -> Option<Lock> {
    match source {
        ProjectSource::Folder(folder) => Lock::all(folder).into_iter().next(),
        ProjectSource::Files(files) => match files.files.as_deref() {
            None => Lock::all(&files.folder).into_iter().next(),
            Some([script, ..]) => {
                let path = files.folder.join(format!("{}.lock", script.display()));
                let path = std::path::absolute(&path).unwrap_or(path);
                path.is_file().then_some(Lock { kind: LockKind::Uv, path })
            }
            Some([]) => None,
        },
        ProjectSource::Distribution(_) => None,
    }
}

/// Files and folders of the project that slots bring.
fn data(spec: &PythonSpec, directory: &Path) -> Vec<PathBuf> {
    let whole = spec.slots.iter().filter(|slot| slot.members.is_none());
    let inside = whole.filter_map(|slot| slot.source.strip_prefix(directory).ok());
    inside.map(|path| path.components().collect()).filter(|path: &PathBuf| !path.as_os_str().is_empty()).collect()
}
