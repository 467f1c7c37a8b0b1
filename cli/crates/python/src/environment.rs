//! What the environment of a packaged program must be.

use super::CompileOptions;

/// Variables to remove and to set before the program starts. Values are literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Removed: they would send the interpreter to other modules, other bytecode or another version.
    pub unset: Vec<&'static str>,
    /// Set.
    pub set: Vec<(&'static str, &'static str)>,
}

impl Environment {
    /// With what the compilation needs; `module_command` says that modules are started with `-m`.
    pub(super) fn with(mut self, compile: CompileOptions, module_command: bool) -> Self {
        match compile.optimization_level {
            0 => {}
            1 => self.set.push(("PYTHONOPTIMIZE", "1")),
            _ => self.set.push(("PYTHONOPTIMIZE", "2")),
        }
        // `-m` would look for modules in the caller's directory first.
        if module_command {
            self.set.push(("PYTHONSAFEPATH", "1"));
        }
        self
    }

    /// For every packaged program. With these the tree is never written to, and no module of the machine is imported.
    pub(super) fn of_package() -> Self {
        Self {
            unset: vec![
                "PYTHONCASEOK",
                "PYTHONEXECUTABLE",
                "PYTHONHOME",
                "PYTHONINSPECT",
                "PYTHONOPTIMIZE",
                "PYTHONPATH",
                "PYTHONPLATLIBDIR",
                "PYTHONPYCACHEPREFIX",
                "PYTHONSTARTUP",
                "PYTHONUSERBASE",
                "UV_PROJECT_ENVIRONMENT",
                "VIRTUAL_ENV",
                "__PYVENV_LAUNCHER__",
            ],
            set: vec![("PYTHONDONTWRITEBYTECODE", "1"), ("PYTHONNOUSERSITE", "1")],
        }
    }
}
