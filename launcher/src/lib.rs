//! The library behind the launcher.
