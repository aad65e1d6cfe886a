//! A terminal of a chosen width, for what only a terminal is shown.

use std::{
    fs::File,
    io::Read,
    os::unix::{ffi::OsStrExt, fs::OpenOptionsExt},
    path::Path,
    process::{Command, ExitStatus, Stdio},
};

use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};

pub(crate) enum Stream {
    Stdout,
    Stderr,
}

/// How `command` ended, and what it wrote to a terminal of `columns` in place of `stream`.
pub(crate) fn run(mut command: Command, stream: &Stream, columns: u16) -> (ExitStatus, String) {
    let (mut reader, terminal) = open(columns).expect("a pseudo terminal");
    command.env("TERM", "xterm").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    match stream {
        Stream::Stdout => command.stdout(terminal),
        Stream::Stderr => command.stderr(terminal),
    };
    let mut child = command.spawn().expect("the binary starts");
    // The command holds our end of the terminal; reading ends when nobody has it open any more.
    drop(command);
    let reading = std::thread::spawn(move || {
        let mut shown = Vec::new();
        // EIO is how a terminal says that the other side is gone.
        let _ = reader.read_to_end(&mut shown);
        String::from_utf8_lossy(&shown).into_owned()
    });
    let status = crate::process::ended(&mut child);
    let _ = child.kill();
    (status.expect("the command ends"), reading.join().expect("no panic"))
}

fn open(columns: u16) -> rustix::io::Result<(File, Stdio)> {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&controller)?;
    unlockpt(&controller)?;
    let name = ptsname(&controller, Vec::new())?;
    let path = Path::new(std::ffi::OsStr::from_bytes(name.to_bytes()));
    let no_controlling_terminal = rustix::fs::OFlags::NOCTTY.bits().cast_signed();
    let terminal = File::options().read(true).write(true).custom_flags(no_controlling_terminal).open(path).expect("just made");
    tcsetwinsize(&terminal, Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 })?;
    Ok((File::from(controller), terminal.into()))
}
