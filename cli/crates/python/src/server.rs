//! Web applications: what serves them, and how it is told which one.

use super::{
    distribution::{self, Distribution},
    entry_check::Found,
    entry_point::EntryPoint,
    error::PythonError,
    options::Interface,
};

/// A server, and the function that its own command calls.
struct Server {
    distribution: &'static str,
    module: &'static str,
    function: &'static str,
}

const fn server(distribution: &'static str, module: &'static str, function: &'static str) -> Server {
    Server { distribution, module, function }
}

/// The first that is installed is taken.
const WSGI: [Server; 3] = [
    server("gunicorn", "gunicorn.app.wsgiapp", "run"),
    server("waitress", "waitress.runner", "run"),
    server("hypercorn", "hypercorn.__main__", "main"),
];
const ASGI: [Server; 2] =
    [server("uvicorn", "uvicorn.main", "main"), server("hypercorn", "hypercorn.__main__", "main")];

/// Beginnings of the names of functions that make an application.
const FACTORIES: [&str; 5] = ["create_", "make_", "build_", "get_", "factory"];

impl Interface {
    fn servers(self) -> &'static [Server] {
        match self {
            Self::Wsgi => &WSGI,
            Self::Asgi => &ASGI,
        }
    }
}

/// What starts the server, with the arguments that name the application. `found` is what is known of the entry point, where it could be
/// looked at.
pub(super) fn start(
    interface: Interface,
    application: &EntryPoint,
    found: Option<Found>,
    distributions: &[Distribution],
) -> Result<(EntryPoint, Vec<String>), PythonError> {
    let key = interface.key();
    let EntryPoint::Function { module, function } = application else {
        return Err(PythonError::NotServable { key, entry_point: application.to_string() });
    };
    let servers = interface.servers();
    let Some(server) = servers.iter().find(|server| distribution::named(distributions, server.distribution).is_some())
    else {
        return Err(PythonError::NoServer { key, known: servers.iter().map(|server| server.distribution).collect() });
    };
    let is_factory = match found {
        Some(found) => found.is_factory,
        None => FACTORIES.iter().any(|begin| function.starts_with(begin)),
    };
    let call = if is_factory { "()" } else { "" };
    let words = match (server.distribution, is_factory) {
        ("waitress", true) => vec!["--call".to_owned(), format!("{module}:{function}")],
        ("uvicorn", true) => vec!["--factory".to_owned(), format!("{module}:{function}")],
        ("hypercorn", _) => vec![format!("{key}:{module}:{function}{call}")],
        ("gunicorn", _) => vec![format!("{module}:{function}{call}")],
        _ => vec![format!("{module}:{function}")],
    };
    let started = EntryPoint::Function { module: server.module.to_owned(), function: server.function.to_owned() };
    Ok((started, words))
}

/// That an entry point is an application of a framework, and nothing runs it.
pub(super) fn is_needed(entry_point: &EntryPoint) -> String {
    format!(
        "{entry_point} is a web application, which does nothing when it is called: set `wsgi = true` or `asgi = true` in [tool.flavor], and \
         have a server among the dependencies ({}, {})",
        WSGI.map(|server| server.distribution).join(", "),
        ASGI[0].distribution
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_server_is_told_in_its_own_words() {
        let entry_point = EntryPoint::parse("web.app:create_app").unwrap();
        let words = |interface, name: &str, found: Option<Found>| {
            let installed = [Distribution { name: name.to_owned(), ..Distribution::default() }];
            start(interface, &entry_point, found, &installed).map(|(_, words)| words.join(" "))
        };
        let plain = Some(Found::default());
        for (interface, name, found, expected) in [
            (Interface::Wsgi, "Gunicorn", None, "web.app:create_app()"),
            (Interface::Wsgi, "gunicorn", plain, "web.app:create_app"),
            (Interface::Wsgi, "waitress", None, "--call web.app:create_app"),
            (Interface::Wsgi, "hypercorn", plain, "wsgi:web.app:create_app"),
            (Interface::Asgi, "uvicorn", None, "--factory web.app:create_app"),
            (Interface::Asgi, "uvicorn", plain, "web.app:create_app"),
            (Interface::Asgi, "hypercorn", None, "asgi:web.app:create_app()"),
        ] {
            assert_eq!(words(interface, name, found).unwrap(), expected);
        }
        assert_eq!(words(Interface::Wsgi, "uvicorn", None).unwrap_err().code(), "python.server.missing");
        let module = EntryPoint::module("web").unwrap();
        assert_eq!(start(Interface::Asgi, &module, None, &[]).unwrap_err().code(), "python.server.application");
    }
}
