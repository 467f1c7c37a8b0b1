//! What other programs took of the processors while something was measured: times are worth no more than the machine was quiet.

use std::fs;
use std::time::Instant;

use anyhow::{Context, Result};

/// The kernel counts in hundredths of a second here, on every architecture that Linux runs packages on.
const TICKS_PER_SECOND: f64 = 100.0;

/// A moment from which on processor time is counted.
pub(super) struct Watch {
    started: Instant,
    all: u64,
    ours: u64,
}

impl Watch {
    pub(super) fn start() -> Result<Self> {
        Ok(Self { started: Instant::now(), all: all_ticks()?, ours: our_ticks()? })
    }

    /// Per cent of all processors that programs took which this one has not started.
    #[expect(clippy::cast_precision_loss, reason = "a share in per cent is shown without digits")]
    pub(super) fn others(&self) -> Result<f64> {
        let others = (all_ticks()? - self.all).saturating_sub(our_ticks()? - self.ours) as f64;
        let processors = std::thread::available_parallelism()?.get() as f64;
        Ok(100.0 * others / (self.started.elapsed().as_secs_f64() * TICKS_PER_SECOND * processors))
    }
}

/// Ticks in which a processor was busy, also for another machine beside this virtual one (`stolen`).
fn all_ticks() -> Result<u64> {
    let text = fs::read_to_string("/proc/stat")?;
    let line = text.lines().next().context("/proc/stat is empty")?;
    let ticks: Vec<u64> = line.split_whitespace().skip(1).map(str::parse).collect::<Result<_, _>>()?;
    // user, nice, system, [idle, iowait,] irq, softirq, stolen; the guests' are part of user.
    Ok(ticks.iter().take(8).sum::<u64>() - ticks.iter().skip(3).take(2).sum::<u64>())
}

/// Ticks of this program, and of the programs that it has started and waited for, and so on.
fn our_ticks() -> Result<u64> {
    let text = fs::read_to_string("/proc/self/stat")?;
    // The name, in parentheses, may hold anything.
    let (_, fields) = text.rsplit_once(')').context("/proc/self/stat has no name")?;
    let ticks = fields.split_whitespace().skip(11).take(4).map(str::parse::<u64>).collect::<Result<Vec<_>, _>>()?;
    Ok(ticks.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn what_a_child_took_is_ours() {
        let before = our_ticks().unwrap();
        let work = "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done";
        assert!(Command::new("sh").args(["-c", work]).status().unwrap().success());
        assert!(our_ticks().unwrap() > before);
        assert!(all_ticks().unwrap() >= our_ticks().unwrap() - before);
    }
}
