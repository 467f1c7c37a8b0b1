//! From the manifest's settings to those of the tree.

use flavor_manifest::{commands::Script, pyproject::PythonSpec};
use flavor_python::{
    BuildEnvironment, BuildOptions, CompileOptions, EntryPoint, Installs, Lock, LockKind, StandardLibrary, TreeOptions,
    TrimOptions,
};
use std::path::{Path, PathBuf};

/// The function that a script calls.
#[must_use]
pub fn entry_point(script: &Script) -> Option<EntryPoint> {
    EntryPoint::parse(&format!("{}:{}", script.module, script.function)).ok()
}

/// What the manifest says about the tree.
#[must_use]
pub fn tree_options(spec: &PythonSpec, directory: &Path) -> TreeOptions {
    let build = &spec.build;
    let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
    let named = build.requirements_file.as_ref().map(absolute);
    let found = match &named {
        Some(file) => Lock::named(file),
        None => Lock::all(directory).into_iter().next(),
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
            manylinux: build.manylinux,
        },
        build: BuildOptions {
            requires: build.requires.clone(),
            include: build.include.clone(),
            exclude: build.exclude.clone(),
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
