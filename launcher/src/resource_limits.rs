//! Limits of `execution`: what the program wants of the machine, and what it may take of it.

use pspf_nostd::metadata::Execution;
use rustix::process::{Resource, getrlimit, setrlimit};

use flavor_host::command::{CommandError, CommandFault};

/// Seconds between the signal that tells a program that its processor time is over (SIGXCPU) and its end.
const CPU_GRACE: u64 = 5;

/// Applies the limits to this process, for the program to inherit. A limit that is lower already stays.
///
/// `max_memory` limits private writable memory (RLIMIT_DATA): the address space as a whole would also count what interpreters
/// only reserve.
///
/// # Errors
/// [`CommandFault::TooLittleMemory`].
pub(crate) fn apply(execution: &Execution) -> Result<(), CommandError> {
    if let Some(wanted) = execution.min_memory {
        let found = memory_of_the_machine().unwrap_or(u64::MAX);
        if found < wanted {
            return Err(CommandFault::TooLittleMemory { wanted, found }.into());
        }
    }
    if let Some(bytes) = execution.max_memory {
        lower(Resource::Data, bytes, bytes);
    }
    if let Some(seconds) = execution.max_cpu_seconds {
        lower(Resource::Cpu, seconds, seconds.saturating_add(CPU_GRACE));
    }
    Ok(())
}

fn lower(resource: Resource, current: u64, maximum: u64) {
    let mut limit = getrlimit(resource);
    let lowest = |old: Option<u64>, new: u64| Some(old.map_or(new, |old| old.min(new)));
    limit.current = lowest(limit.current, current);
    limit.maximum = lowest(limit.maximum, maximum);
    // Lowering is refused to nobody.
    let _ = setrlimit(resource, limit);
}

/// Bytes of memory, where the system tells.
fn memory_of_the_machine() -> Option<u64> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        let info = rustix::system::sysinfo();
        u64::from(info.mem_unit).checked_mul(info.totalram)
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    None
}
