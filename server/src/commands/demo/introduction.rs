//! What the demo tells its reader, in lines that can be pasted into a shell.

use std::{env, path::Path};

use schemas::TraceId;

use crate::{node::Addresses, terminal};

pub(super) fn print(addresses: Addresses, trace: TraceId) -> std::io::Result<()> {
    let Addresses { otlp_grpc, otlp_http, api, .. } = addresses;
    // Built by `make run`, the program is on nobody's PATH.
    let fusebox = env::current_exe().map_or_else(|_| "fusebox".to_owned(), |path| shell_word(&path));
    terminal::print(format_args!(
        "
Fusebox runs, with a demo shop sending live traces, logs and metrics.

  dashboard     http://{api}/
  OTLP/gRPC     http://{otlp_grpc}
  OTLP/HTTP     http://{otlp_http}

Look up a trace of the shop:

  {fusebox} trace {trace} --api http://{api}
  curl http://{api}/api/v1/traces/{trace}

Send your own telemetry:

  OTEL_EXPORTER_OTLP_ENDPOINT=http://{otlp_grpc} OTEL_EXPORTER_OTLP_PROTOCOL=grpc your-service

Stop with Ctrl-C; the data stays in the data directory.
"
    ))
}

/// `path` as one word of a POSIX shell.
fn shell_word(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+,:@%".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_shell_reads_the_path_back() {
        for (path, expected) in [
            ("/usr/local/bin/fusebox", "/usr/local/bin/fusebox"),
            ("/opt/my tools/fusebox", "'/opt/my tools/fusebox'"),
            ("/opt/o'neil/$HOME/*", r"'/opt/o'\''neil/$HOME/*'"),
            ("/opt/größe", "'/opt/größe'"),
        ] {
            let word = shell_word(Path::new(path));
            assert_eq!(word, expected);
            let said = Command::new("sh").arg("-c").arg(format!("printf %s {word}")).output().expect("there is a shell");
            assert_eq!(String::from_utf8_lossy(&said.stdout), path);
        }
    }
}
