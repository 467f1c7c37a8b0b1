//! Project tasks. `cargo xtask --help` lists them.

mod apps;
mod bench;
mod bench_launcher;
mod build;
mod check;
mod cross;
mod demo;
mod dist;
mod elf;
mod fuzz;
mod libc_only;
mod licences;
mod listing;
mod loaders;
mod mutants;
mod npm;
mod run;
mod setup;
mod sizes;
mod smoke;
mod soak;
mod summary;
mod test;
mod toolchain;
mod web;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::build::Options;
use crate::summary::Summary;
use crate::toolchain::{Profile, RouteChoice};
use crate::workspace::Workspace;

/// Project tasks: tools, launcher, release build, demo, checks and tests
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", disable_version_flag = true)]
struct Arguments {
    /// Where the Rust for musl and wasm32 comes from
    #[arg(long, global = true, value_enum, default_value_t)]
    toolchain: RouteChoice,
    /// Accept a launcher that needs this machine's libc where no static one can be built
    #[arg(long, global = true)]
    allow_dynamic: bool,
    /// How launchers are compiled
    #[arg(long, global = true, value_enum, default_value_t)]
    profile: Profile,
    #[command(subcommand)]
    task: Task,
}

#[derive(Clone, Debug, Subcommand)]
enum Task {
    /// Install what building and testing need, and is not installed yet
    Setup,
    /// Build the static launcher into dist/launchers/
    Launcher,
    /// The same, then pack, verify and run a package with it
    Smoke,
    /// The same for every Linux that packages are made for, amd64 and arm64
    Launchers,
    /// Build dist/flavor, with the launcher inside, and the launchers; its completions and manual pages; the npm package and the web page
    Dist,
    /// Pack, verify, inspect and run examples/hello-cli
    Demo,
    /// Measure packing, starting and verifying beside the published tool and the usual hashing programs
    Bench,
    /// Measure first and next starts beside a bare exec, tar and the published launchers
    BenchLauncher,
    /// Start a package simultaneously, and kill it at random moments, again and again
    Soak {
        /// How often
        #[arg(long, default_value_t = 1000)]
        rounds: u32,
    },
    /// Pack and run real applications from PyPI, and write docs/applications.md; with the other packers it takes an hour
    Apps(apps::Choice),
    /// Pack applications for Linux's other processor and run them under qemu, where nothing else is
    Cross,
    /// Check format, lints, documentation and dependencies
    Lint,
    /// Compile everything with the oldest Rust that Cargo.toml allows
    Msrv,
    /// Compile each crate by itself, with every choice of its features
    Features,
    /// Compile the programs that start a bundled interpreter (cli/crates/python/loader)
    Loaders {
        /// Only compare them with those in the repository
        #[arg(long)]
        check: bool,
    },
    /// Build the core where there is no standard library, and the engine of the npm package into npm/dist/
    Wasm,
    /// Type-check launcher and core for macOS and Windows
    CheckTargets,
    /// Measure the engine in Node beside hash-wasm, fflate and fzstd, and its memory on a 2 GB package
    BenchWasm,
    /// Build the npm package and the web page; the page lands in dist/web/
    Web {
        /// Let the page read packages of its own site by address; the default page makes no connection at all
        #[arg(long)]
        same_origin_urls: bool,
    },
    /// Measure the web page in Chromium: first verdict, and memory for a package of 2 GB
    BenchWeb,
    /// Open three packages at once on the page in Chromium, again and again: each gets its verdict
    SoakWeb {
        /// How often
        #[arg(long, default_value_t = 100)]
        rounds: u32,
    },
    /// Run all tests
    Test,
    /// Change the core, policies and trust in every small way, and count what tests notice (hours); see docs/mutation.md
    Mutants {
        /// Only what is in these source files, such as pspf-nostd/src/profile.rs
        files: Vec<String>,
    },
    /// Run the fuzz targets, each for a while, beginning with the conformance kit
    Fuzz {
        /// How long each, in seconds
        #[arg(long, default_value_t = 60)]
        seconds: u32,
        /// Only these (fuzz/fuzz_targets)
        targets: Vec<String>,
    },
    /// Hold the sizes of what is built against what was measured before; CI does
    Sizes,
    /// Hold the launcher and the published ones against the list of holes and failures; a report in target/reports/
    Table,
}

fn main() -> ExitCode {
    match run_task(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run_task(arguments: &Arguments) -> Result<()> {
    let workspace = Workspace::locate()?;
    let options =
        Options { toolchain: arguments.toolchain, allow_dynamic: arguments.allow_dynamic, profile: arguments.profile };
    match arguments.task.clone() {
        Task::Setup => setup::setup(&workspace, options.toolchain),
        Task::Launcher => build::launcher(&workspace, options).map(drop),
        Task::Smoke => smoke::launcher(&workspace, options),
        Task::Launchers => build::launchers(&workspace, options),
        Task::Dist => dist::dist(&workspace, options).map(drop),
        Task::Demo => demo::demo(&workspace, options),
        Task::Bench => bench::bench(&workspace, options),
        Task::BenchLauncher => bench_launcher::bench(&workspace, options),
        Task::Soak { rounds } => soak::soak(&workspace, rounds),
        Task::Apps(choice) => apps::apps(&workspace, options, &choice),
        Task::Cross => cross::cross(&workspace, options),
        Task::Lint => summarised(|summary| {
            lint(&workspace, summary);
            Ok(())
        }),
        Task::Msrv => check::oldest_rust(&workspace),
        Task::Features => check::features(&workspace),
        Task::Loaders { check } => loaders::loaders(&workspace, check),
        Task::CheckTargets => check::targets(&workspace, options.toolchain),
        Task::Wasm => {
            check::no_std(&workspace, options.toolchain)?;
            npm::build(&workspace, options.toolchain)
        }
        Task::BenchWasm => npm::bench(&workspace, options),
        Task::Web { same_origin_urls } => web::web(&workspace, options.toolchain, same_origin_urls),
        Task::BenchWeb => web::bench(&workspace, options.toolchain),
        Task::SoakWeb { rounds } => web::soak(&workspace, options.toolchain, rounds),
        Task::Test => summarised(|summary| test::test(&workspace, options, summary)),
        Task::Mutants { files } => mutants::mutants(&workspace, &files),
        Task::Fuzz { seconds, targets } => fuzz::fuzz(&workspace, seconds, &targets),
        Task::Sizes => sizes::sizes(&workspace),
        Task::Table => {
            println!("{}", test::table(&workspace, options)?.display());
            Ok(())
        }
    }
}

/// Runs steps and ends with their summary, also when one that others need has failed.
fn summarised(body: impl FnOnce(&mut Summary) -> Result<()>) -> Result<()> {
    let mut summary = Summary::default();
    let ended = body(&mut summary);
    summary.finish()?;
    ended
}

fn lint(workspace: &Workspace, summary: &mut Summary) {
    summary.step("format", || check::format(workspace));
    summary.step("lints", || check::lints(workspace));
    summary.step("documentation", || check::documentation(workspace));
    if workspace.zig().is_ok() {
        summary.step("loaders", || loaders::loaders(workspace, true));
    } else {
        summary.skipped("loaders", "zig is not installed: `cargo xtask setup`");
    }
    if which::which("cargo-deny").is_ok() {
        summary.step("dependencies", || check::dependencies(workspace));
    } else {
        summary.skipped("dependencies", "cargo-deny is not installed");
    }
}
