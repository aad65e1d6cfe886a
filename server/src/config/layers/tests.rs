//! Layers from strings: what wins, and what an error says.

use super::*;

fn load_with(file: &str, environment: &[(&str, &str)], flags: ServeArguments) -> Result<Loaded, String> {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("fusebox.toml");
    fs::write(&path, file).expect("written");
    let flags = ServeArguments { config: Some(path.clone()), ..flags };
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    load(&flags, environment).map_err(|error| error.to_string().replace(&path.display().to_string(), "FILE"))
}

fn refused(file: &str, environment: &[(&str, &str)], expected: &str) {
    let message = load_with(file, environment, ServeArguments::default()).map(|loaded| loaded.config).expect_err("refused");
    assert!(message.contains(expected), "{message:?} does not contain {expected:?}");
}

#[test]
fn nothing_set_gives_the_defaults() {
    let loaded = load_with("", &[], ServeArguments::default()).expect("accepted");
    assert_eq!(loaded.config, Config::default());
    assert_eq!(loaded.warnings, Vec::<String>::new());
}

#[test]
fn the_later_layer_wins_key_by_key() {
    let file =
        "data_dir = 'from-file'\nlog = 'warn'\n[collector]\notlp_grpc = '127.0.0.1:1'\notlp_http = '127.0.0.1:2'\nbody_bytes_max = 2048\n";
    let environment = [("FUSEBOX_OTLP_HTTP", "127.0.0.1:3"), ("FUSEBOX_LOG", "error"), ("FUSEBOX_API__ALLOWED_HOSTS", "['a.example']")];
    let flags = ServeArguments { log: Some("debug".to_owned()), ..ServeArguments::default() };
    let config = load_with(file, &environment, flags).expect("accepted").config;
    assert_eq!(config.data_dir, PathBuf::from("from-file"));
    assert_eq!(config.collector.otlp_grpc.port(), 1);
    assert_eq!(config.collector.otlp_http.port(), 3);
    assert_eq!(config.collector.body_bytes_max, 2048);
    assert_eq!(config.api.allowed_hosts, ["a.example"]);
    assert_eq!(config.log, "debug");
}

#[test]
fn mistakes_name_their_place_and_what_was_meant() {
    refused("log = 'info'\ndta_dir = 'x'\n", &[], "FILE:2: unknown key `dta_dir`; did you mean `data_dir`?");
    refused("[collector]\nbody_byte_max = 1\n", &[], "FILE:2: unknown key `body_byte_max`; did you mean `body_bytes_max`?");
    refused("[colector]\n", &[], "FILE:1: unknown key `colector`; did you mean `collector`?");
    refused("insecure = 'yes'\n", &[], "FILE:1: invalid type");
    refused("data_dir =\n", &[], "FILE:1: ");
    refused("", &[("FUSEBOX_OTLP_GRPC", "nowhere")], "environment variable FUSEBOX_OTLP_GRPC: ");
    refused("", &[("FUSEBOX_COLLECTOR__BODY_BYTES_MAX", "big")], "environment variable FUSEBOX_COLLECTOR__BODY_BYTES_MAX: ");
}

#[test]
fn settings_that_cannot_work_are_refused() {
    refused("[api]\nlisten = '0.0.0.0:4319'\n", &[], "api = 0.0.0.0:4319 can be reached by other machines");
    refused("[api]\nlisten = '127.0.0.1:4318'\n", &[], "api and otlp_http are both 127.0.0.1:4318");
    refused("[api]\nconcurrent_reads_max = 0\n", &[], "api.concurrent_reads_max must be at least 1");
    let open = load_with("insecure = true\n[api]\nlisten = '0.0.0.0:4319'\n", &[], ServeArguments::default());
    assert!(open.is_ok(), "{open:?}");
}

#[test]
fn foreign_variables_are_only_mentioned() {
    let environment = [("FUSEBOX_PORT", "tcp://10.0.0.1:4317"), ("FUSEBOX_DATADIR", "/tmp"), ("HOME", "/root")];
    let loaded = load_with("", &environment, ServeArguments::default()).expect("accepted");
    assert_eq!(
        loaded.warnings,
        [
            "environment variable FUSEBOX_DATADIR is not known; did you mean FUSEBOX_DATA_DIR?",
            "environment variable FUSEBOX_PORT is not known"
        ]
    );
}
