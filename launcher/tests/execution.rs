//! How programs are executed: as the launcher's own process or as its child, with which words, limits and surroundings.

mod support;

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    os::unix::{
        fs::PermissionsExt,
        process::{CommandExt, ExitStatusExt},
    },
    path::Path,
    process::{Child, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use support::{Place, Slot, assert_refused, package, stderr, stdout};

/// A package with one program, `app`.
fn app(place: &Place, name: &str, body: &str, extra: &str) -> std::path::PathBuf {
    place.install(name, &package(&[Slot::script("app", "bin/app", body)], "app", extra))
}

fn spawned(place: &Place, program: &Path) -> Command {
    let mut command = place.command(program);
    command.env("FLAVOR_EXEC_MODE", "Spawn");
    command
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

#[test]
fn the_launcher_becomes_the_program_unless_it_is_told_to_stay() {
    let place = Place::new();
    let program = app(&place, "p", "echo $$ $PPID; exit 7", "{}");
    for _start in ["cold", "warm"] {
        let child = place.command(&program).stdout(Stdio::piped()).spawn().unwrap();
        let launcher = child.id();
        let output = child.wait_with_output().unwrap();
        let us = std::process::id();
        assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{launcher} {us}\n"));
        assert_eq!(output.status.code(), Some(7));
        let child = spawned(&place, &program).stdout(Stdio::piped()).spawn().unwrap();
        let launcher = child.id();
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.ends_with(&format!(" {launcher}\n")) && !text.starts_with(&launcher.to_string()), "{text}");
        assert_eq!(output.status.code(), Some(7));
    }
}

#[test]
fn a_child_sees_every_signal_once_and_the_caller_sees_its_end() {
    let place = Place::new();
    let body = r#"for s in HUP INT QUIT TERM USR1 USR2 ALRM CONT; do trap "echo $s" $s; done
        trap 'echo end; exit 5' WINCH; echo ready; while :; do sleep 0.02; done"#;
    let program = app(&place, "p", body, "{}");
    // A shell runs a trap when its command has ended: one that waits for input may wait through a signal.
    let mut child = spawned(&place, &program).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.next().unwrap(), "ready");
    for (signal, name) in [
        (Signal::HUP, "HUP"),
        (Signal::INT, "INT"),
        (Signal::QUIT, "QUIT"),
        (Signal::TERM, "TERM"),
        (Signal::USR1, "USR1"),
        (Signal::USR2, "USR2"),
        (Signal::ALARM, "ALRM"),
        (Signal::CONT, "CONT"),
        (Signal::WINCH, "end"),
    ] {
        kill_process(pid(&child), signal).unwrap();
        assert_eq!(lines.next().as_deref(), Some(name));
    }
    assert_eq!(lines.next(), None);
    assert_eq!(child.wait().unwrap().code(), Some(5));
    // Death by signal is passed on as such, without a core dump of the launcher's own.
    for signal in [1, 2, 3, 6, 9, 10, 11, 13, 15] {
        let program = app(&place, &format!("d{signal}"), &format!("ulimit -c 0; kill -{signal} $$; sleep 1"), "{}");
        let output = spawned(&place, &program).output().unwrap();
        assert_eq!((output.status.signal(), stderr(&output).as_str()), (Some(signal), ""));
    }
}

#[test]
fn a_child_does_not_outlive_a_killed_launcher() {
    let place = Place::new();
    let program = app(&place, "p", "echo $$; exec sleep 1000", "{}");
    let mut child = spawned(&place, &program).stdout(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut String::new()).unwrap();
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    // The child held the pipe.
    assert_eq!(output.read(&mut [0; 1]).unwrap(), 0);
}

#[test]
fn signals_that_the_caller_ignores_or_blocks_are_left_so() {
    let place = Place::new();
    let program = app(&place, "p", "exec grep -E '^Sig(Blk|Ign)' /proc/self/status", "{}");
    let show = |prefix: &str, mode: &str| {
        let mut command = place.command(Path::new("/bin/sh"));
        command.env("FLAVOR_EXEC_MODE", mode).arg("-c").arg(format!("{prefix} exec {}", program.display()));
        stdout(&command.output().unwrap())
    };
    // A first start has threads, for which the C library takes signals 32 to 34: nobody else can ignore those.
    show("", "exec");
    for prefix in ["", "trap '' HUP;", "trap '' HUP TERM USR1;"] {
        assert_eq!(show(prefix, "spawn"), show(prefix, "exec"), "{prefix}");
    }
    assert_ne!(show("", "exec"), show("trap '' HUP;", "exec"));
    // The launcher itself does not die of a reader that has gone away, and does not teach the program the same.
    assert_ne!(show("", "exec"), show("trap '' PIPE;", "exec"));
    assert_eq!(show("trap '' PIPE;", "spawn"), show("trap '' PIPE;", "exec"));
}

#[test]
fn descriptors_that_the_caller_has_closed_lead_nowhere() {
    let place = Place::new();
    let seen = place.path("seen");
    let body = format!("found=$(cd /proc/$$/fd; readlink 0 1 2); echo \"$found\" >{}", seen.display());
    let program = app(&place, "p", &body, "{}");
    for mode in ["exec", "spawn"] {
        for _start in ["cold", "warm"] {
            let mut command = place.command(Path::new("/bin/sh"));
            let line = format!("exec {} <&- >&- 2>&-", program.display());
            assert!(command.env("FLAVOR_EXEC_MODE", mode).arg("-c").arg(line).status().unwrap().success());
            assert_eq!(fs::read_to_string(&seen).unwrap(), "/dev/null\n".repeat(3), "{mode}");
        }
    }
}

#[test]
fn a_caller_that_ignores_its_children_hides_no_exit_status_from_the_launcher() {
    let place = Place::new();
    let setup = r#"{"setup_commands":[{"type":"execute","command":"true"}]}"#;
    let ignoring =
        "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])";
    for mode in ["exec", "spawn"] {
        let body = "#!/usr/bin/env python3\nimport signal; print(signal.getsignal(signal.SIGCHLD).name)\n";
        let mut slot = Slot::new("app", "bin/app", "none", body.into());
        slot.permissions = 0o755;
        let program = place.install(mode, &package(&[slot], "app", setup));
        let mut command = place.command(Path::new("python3"));
        command.env("FLAVOR_EXEC_MODE", mode).args(["-c", ignoring]).arg(&program);
        assert_eq!(stdout(&command.output().unwrap()), "SIG_IGN\n", "{mode}");
    }
}

/// Runs a script of Python's with a terminal of its own and a shell's job control.
fn in_terminal(place: &Place, program: &Path, script: &str) -> String {
    let path = place.path("terminal.py");
    fs::write(&path, script).unwrap();
    let mut command = place.command(Path::new("python3"));
    let output = command.arg(path).arg(program).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Starts `argv[1]` in a process group of its own in the foreground of a new terminal, as a shell does.
const TERMINAL: &str = r#"
import os, pty, signal, sys, time
signal.alarm(60)
def start(mode):
    master, slave = pty.openpty()
    shell = os.fork()
    if shell: return master, shell, slave
    os.setsid()
    import fcntl, termios
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in (0, 1, 2): os.dup2(slave, fd)
    os.environ["FLAVOR_EXEC_MODE"] = mode
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    job = os.fork()
    if not job:
        os.setpgid(0, 0); os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execv(sys.argv[1], sys.argv[1:2])
    while True:
        pid, status = os.waitpid(job, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            os.tcsetpgrp(0, os.getpid()); os.write(1, b"[stopped]\n")
            os.read(0, 1)
            os.tcsetpgrp(0, job); os.killpg(job, signal.SIGCONT)
            continue
        end = f"exit {os.WEXITSTATUS(status)}" if os.WIFEXITED(status) else f"signal {os.WTERMSIG(status)}"
        os.write(1, f"[{end}]\n".encode()); os._exit(0)
def until(master, text):
    seen = b""
    while text not in seen: seen += os.read(master, 1000)
    return seen
"#;

#[test]
fn the_terminal_and_its_job_control_work_as_without_a_launcher() {
    let place = Place::new();
    let body = r#"trap 'n=$((n+1)); echo "int $n"' INT; echo ready
        while :; do read -r line || continue; echo "got $line"; test "$line" = stop && kill -TSTP $$; test "$line" = quit && exit 4; done"#;
    let program = app(&place, "p", body, "{}");
    let drive = r#"
for mode in ("exec", "spawn"):
    master, shell, slave = start(mode)
    until(master, b"ready")
    os.write(master, b"\x03"); until(master, b"int 1")
    os.write(master, b"\x03"); until(master, b"int 2")
    os.write(master, b"\x1a"); until(master, b"[stopped]")
    os.write(master, b"\n"); time.sleep(0.2)
    os.write(master, b"one\n"); until(master, b"got one")
    os.write(master, b"stop\n"); until(master, b"[stopped]")
    os.write(master, b"\n"); time.sleep(0.2)
    os.write(master, b"quit\n"); seen = until(master, b"]")
    os.waitpid(shell, 0)
    print(mode, seen.split(b"[")[1].split(b"]")[0].decode(), b"int 3" in seen)
"#;
    let seen = in_terminal(&place, &program, &format!("{TERMINAL}{drive}"));
    assert_eq!(seen, "exec exit 4 False\nspawn exit 4 False\n");
}

#[test]
fn a_program_that_runs_too_long_is_ended() {
    let place = Place::new();
    let timeout = r#"{"execution.timeout":1}"#;
    let program = app(&place, "p", "trap 'echo term; exit 3' TERM; echo start; while :; do sleep 0.01; done", timeout);
    let output = place.run(&program, &[]);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(124), &b"start\nterm\n"[..]));
    assert!(stderr(&output).contains("1 seconds") && stderr(&output).lines().count() == 1, "{}", stderr(&output));
    let program = app(&place, "q", "exit 9", r#"{"execution.timeout":600}"#);
    assert_eq!(place.run(&program, &[]).status.code(), Some(9));
    let program = app(&place, "r", "echo $PPID", r#"{"execution.timeout":0}"#);
    assert_eq!(stdout(&place.run(&program, &[])), format!("{}\n", std::process::id()));
}

#[test]
fn limits_are_the_packages_unless_the_caller_has_lower_ones() {
    let place = Place::new();
    let extra = r#"{"execution.max_memory":"64MB","execution.max_cpu_seconds":7}"#;
    let program = app(&place, "p", "ulimit -S -d -t; ulimit -S -d; ulimit -S -t; ulimit -H -t", extra);
    let lines = |output: &std::process::Output| {
        let text = stdout(output);
        text.lines().rev().take(3).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(lines(&place.run(&program, &[])), ["12", "7", "65536"]);
    let mut lower = place.command(Path::new("/bin/sh"));
    lower.arg("-c").arg(format!("ulimit -d 32768; ulimit -t 3; exec {}", program.display()));
    assert_eq!(lines(&lower.output().unwrap()), ["3", "3", "32768"]);
    let hog = r#"{"execution.max_memory":"64MB"}"#;
    let program = app(&place, "q", "exec python3 -c 'print(len(bytearray(200_000_000)))'", hog);
    let output = place.run(&program, &[]);
    assert!(!output.status.success() && stderr(&output).contains("MemoryError"), "{}", stderr(&output));
    let program = app(&place, "r", "", r#"{"execution.min_memory":"1000TB"}"#);
    assert_refused(&place.run(&program, &[]), 104, &["1099511627776000", "memory"]);
    let program = app(&place, "s", "echo ran", r#"{"execution.min_memory":"1MB"}"#);
    assert_eq!(stdout(&place.run(&program, &[])), "ran\n");
}

#[test]
fn words_directory_and_placeholders_of_the_execution() {
    let place = Place::new();
    let body = r#"pwd; printf '<%s>' "$@" "$V"; echo"#;
    let extra = r#"{"execution.args":["--in","{workenv} {home}/x","'quoted'"],"execution.working_directory":"some dir",
        "execution.env":{"V":"{platform} {cache} {version}"},"workenv":{"directories":[{"path":"some dir"}]}}"#;
    let program = app(&place, "p", body, extra);
    let output = place.command(&program).env("HOME", "/h o").args(["user's", "{workenv}"]).output().unwrap();
    let (workenv, cache) = (place.workenv().display().to_string(), place.path("cache").display().to_string());
    let platform = flavor_host::platform::name();
    assert_eq!(
        stdout(&output),
        format!(
            "{workenv}/some dir\n<--in><{workenv} /h o/x><'quoted'><user's><{{workenv}}><{platform} {cache} 1.0>\n"
        )
    );
    assert_refused(&place.run(&program, &[]), 104, &["{home}", "set HOME"]);
    let program = app(&place, "q", body, r#"{"execution.working_directory":"missing"}"#);
    assert_refused(&place.run(&program, &[]), 106, &["missing", "working directory"]);
}

#[test]
fn scripts_without_an_interpreter_line_run_in_the_shell_and_binaries_do_not() {
    let place = Place::new();
    let slot = |content: &[u8]| {
        let mut slot = Slot::new("app", "bin/app", "none", content.to_vec());
        slot.permissions = 0o755;
        slot
    };
    for mode in ["exec", "spawn"] {
        let run = |name: &str, content: &[u8]| {
            let program = place.install(name, &package(&[slot(content)], "app 'a b'", "{}"));
            place.command(&program).env("FLAVOR_EXEC_MODE", mode).arg("c").output().unwrap()
        };
        assert_eq!(stdout(&run("script", b"printf '<%s>' \"$@\"; exit 0\n")), "<a b><c>");
        let missing = run("missing", b"#!/no/such/interpreter\n");
        assert_refused(&missing, 104, &["bin/app", "it is there; the interpreter"]);
        // A program of this machine whose loader is not there, as where there is no glibc.
        let mut program = fs::read("/bin/true").unwrap();
        let name = b"/ld-linux";
        if let Some(at) = program.windows(name.len()).position(|window| window == name) {
            program[at + 1] = b'X';
            let missing = run("foreign", &program);
            assert_refused(
                &missing,
                104,
                &["bin/app", "it needs glibc", "the loader that it names", "--python debian"],
            );
        } else {
            pspf_test_support::skip("/bin/true does not name glibc's loader", "run the tests on a Linux with glibc");
        }
    }
    // The C library of a launcher that is not static gives everything to the shell before we are asked.
    let launcher = std::env::var_os("PSPF_LAUNCHER").map(|path| fs::read(path).unwrap());
    let is_static = |launcher: &Vec<u8>| !launcher.windows(9).any(|window| window == b"/ld-linux");
    let Some(launcher) = launcher.filter(is_static) else {
        pspf_test_support::skip("the rest needs a static launcher, named by PSPF_LAUNCHER", "cargo xtask test");
        return;
    };
    let binary = slot(b"\x7fELF\x02\x01\x01\0not for this machine");
    let bytes = support::package_of(&launcher, &[binary], "app", "{}", "1");
    assert_refused(&place.run(&place.install("binary", &bytes), &[]), 104, &["bin/app", "machine"]);
}

#[test]
fn closed_and_full_standard_streams_are_survived() {
    let place = Place::new();
    let program =
        app(&place, "p", r#"test -e /proc/$$/fd/0 -a -e /proc/$$/fd/1 -a -e /proc/$$/fd/2 && echo ok > "$1""#, "{}");
    for mode in ["exec", "spawn"] {
        for redirection in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full 2>/dev/full"] {
            let mark = place.path("mark");
            let mut shell = place.command(Path::new("/bin/sh"));
            shell.env("FLAVOR_EXEC_MODE", mode);
            shell.arg("-c").arg(format!("exec {} {} {redirection}", program.display(), mark.display()));
            assert!(shell.status().unwrap().success(), "{mode} {redirection}");
            assert_eq!(fs::read(&mark).unwrap(), b"ok\n", "{mode} {redirection}");
            fs::remove_file(mark).unwrap();
        }
    }
}

#[test]
fn a_deleted_current_directory_is_survived() {
    let place = Place::new();
    let program = app(&place, "p", "echo ran", "{}");
    for _start in ["cold", "warm"] {
        let mut shell = place.command(Path::new("/bin/sh"));
        let script = format!("mkdir gone; cd gone; rmdir ../gone; exec {}", program.display());
        let output = shell.current_dir(place.directory.path()).arg("-c").arg(script).output().unwrap();
        // The program, a shell, may complain.
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), &b"ran\n"[..]), "{}", stderr(&output));
    }
}

#[test]
fn a_package_that_is_replaced_or_deleted_while_it_starts_stays_itself() {
    let place = Place::new();
    let program = app(&place, "p", "echo one", "{}");
    let other = app(&place, "other", "echo two", "{}");
    for (what, replaced) in [("deleted", false), ("replaced", true)] {
        fs::remove_dir_all(place.path("cache")).unwrap_or_default();
        let copy = place.path(what);
        fs::copy(&program, &copy).unwrap();
        // Stopped right after exec, before the launcher has run an instruction of its own.
        let mut traced = place.command(Path::new("strace"));
        traced.args(["-f", "-o", "/dev/null", "-e", "inject=execve:delay_exit=2000000:when=1"]).arg(&copy);
        let Ok(child) = traced.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn() else {
            pspf_test_support::skip("`strace` is not installed", pspf_test_support::SETUP);
            return;
        };
        let runs_it = |entry: fs::DirEntry| fs::read_link(entry.path().join("exe")).is_ok_and(|exe| exe == copy);
        while !fs::read_dir("/proc").unwrap().flatten().any(runs_it) {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        match replaced {
            true => fs::rename(&other, &copy).unwrap(),
            false => fs::remove_file(&copy).unwrap(),
        }
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "one\n", "{what}: {}", stderr(&output));
    }
}

#[test]
fn without_proc_the_package_finds_itself() {
    let place = Place::new();
    let program = app(&place, "p", "echo ran $FLAVOR_COMMAND_NAME", "{}");
    let script = format!("mount -t tmpfs none /proc && ! test -e /proc/self && exec {}", program.display());
    let mut isolated = place.command(Path::new("unshare"));
    let output = isolated.args(["-m", "/bin/sh", "-c", &script]).output().unwrap();
    if !output.status.success() && stderr(&output).contains("unshare") {
        pspf_test_support::skip("this user may not `unshare --mount`", "run the tests as root");
        return;
    }
    assert_eq!(stdout(&output), "ran p\n");
}

#[test]
fn a_package_that_may_be_executed_but_not_read_says_so() {
    if !pspf_test_support::is_root() {
        return;
    }
    let place = Place::new();
    let program = app(&place, "p", "echo ran", "{}");
    fs::set_permissions(place.directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    for (mode, runs) in [(0o111, false), (0o711, false), (0o755, true)] {
        fs::set_permissions(&program, fs::Permissions::from_mode(mode)).unwrap();
        let mut command = place.command(&program);
        command.env("FLAVOR_CACHE_DIR", "").env("TMPDIR", "/tmp").uid(65_534).gid(65_534);
        let output = command.output().unwrap();
        match runs {
            true => assert_eq!(stdout(&output), "ran\n"),
            false => assert_refused(&output, 106, &["cannot be read", "may read it, not only execute it"]),
        }
    }
}

#[test]
fn what_the_program_keeps_survives_an_upgrade() {
    let place = Place::new();
    let launcher = fs::read(support::LAUNCHER).unwrap();
    let body = r#"cat "$FLAVOR_STATE_DIR/kept" 2>/dev/null; echo "$FLAVOR_VERSION" >> "$FLAVOR_STATE_DIR/kept""#;
    let version = |number: &str| {
        let slots = [Slot::script("app", "bin/app", body)];
        support::package_of(&launcher, &slots, "app", r#"{"execution.env":{"X":"{state}"}}"#, number)
    };
    let mut seen = Vec::new();
    for number in ["1", "2", "3"] {
        let program = place.install("app", &version(number));
        seen.push(stdout(&place.command(&program).env("HOME", place.path("home")).output().unwrap()));
    }
    assert_eq!(seen, ["", "1\n", "1\n2\n"]);
    assert!(place.path("home/.local/state/flavor/app/kept").exists());
}

#[test]
fn user_arguments_reach_a_child_untouched() {
    let place = Place::new();
    let program = app(&place, "p", r#"printf '<%s>' "$@"; cat"#, "{}");
    let mut child = spawned(&place, &program)
        .args(["", "a b"])
        .arg(support::os(b"\xff"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"input").unwrap();
    assert_eq!(child.wait_with_output().unwrap().stdout, b"<><a b><\xff>input");
}
