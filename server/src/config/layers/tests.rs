//! Layers from strings: what wins, and what an error says.

use super::*;

const DATA_DIR: &str = "./somewhere";

fn load_with(file: &str, environment: &[(&str, &str)], flags: ServeArguments) -> Result<Loaded, String> {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("fusebox.toml");
    fs::write(&path, file).expect("written");
    let flags = ServeArguments { config: Some(path.clone()), ..flags };
    let environment = environment.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    load(&flags, environment, DATA_DIR).map_err(|error| error.to_string().replace(&path.display().to_string(), "FILE"))
}

fn refused(file: &str, environment: &[(&str, &str)], expected: &str) {
    let message = load_with(file, environment, ServeArguments::default()).map(|loaded| loaded.config).expect_err("refused");
    assert!(message.contains(expected), "{message:?} does not contain {expected:?}");
}

#[test]
fn nothing_set_gives_the_defaults() {
    let loaded = load_with("", &[], ServeArguments::default()).expect("accepted");
    assert_eq!(loaded.config, Config { data_dir: DATA_DIR.into(), ..Config::default() });
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
fn every_setting_says_where_it_comes_from() {
    let file = "log = 'warn'\n[collector]\notlp_grpc = '127.0.0.1:1'\notlp_http = '127.0.0.1:2'\n";
    let environment = [("FUSEBOX_OTLP_HTTP", "127.0.0.1:3"), ("FUSEBOX_RETENTION__LOGS_HOURS", "5")];
    let flags = ServeArguments { log: Some("debug".to_owned()), api: Some(([127, 0, 0, 1], 9).into()), ..ServeArguments::default() };
    let loaded = load_with(file, &environment, flags).expect("accepted");
    let settings = loaded.settings();
    let check = |key: &str, value: &str, expected: &str| {
        let found = settings.iter().find(|setting| setting.key == key).expect(key);
        assert_eq!((found.value.to_string().as_str(), found.origin.to_string().split(' ').next()), (value, Some(expected)), "{key}");
    };
    check("data_dir", "\"./somewhere\"", "default");
    check("log", "\"debug\"", "flag");
    check("api.listen", "\"127.0.0.1:9\"", "flag");
    check("collector.otlp_grpc", "\"127.0.0.1:1\"", "file");
    check("collector.otlp_http", "\"127.0.0.1:3\"", "environment");
    check("retention.logs_hours", "5", "environment");
    check("retention.spans_hours", "168", "default");
    let named = |key: &str| settings.iter().find(|setting| setting.key == key).expect(key).origin.clone();
    assert_eq!(named("api.listen"), Origin::Flag("--api".to_owned()));
    assert_eq!(named("log"), Origin::Flag("--log".to_owned()));
    assert_eq!(named("retention.logs_hours"), Origin::Environment("FUSEBOX_RETENTION__LOGS_HOURS".to_owned()));
    assert!(settings.len() > 30, "{}", settings.len());
}

#[test]
fn one_variable_serves_the_server_and_its_clients() {
    for form in ["127.0.0.1:5000", "http://127.0.0.1:5000", "http://127.0.0.1:5000/", "localhost:5000", "http://localhost:5000"] {
        let config = load_with("", &[("FUSEBOX_API", form)], ServeArguments::default()).expect(form).config;
        assert_eq!(config.api.listen.to_string(), "127.0.0.1:5000", "{form}");
    }
    refused("", &[("FUSEBOX_API", "https://127.0.0.1:5000")], "environment variable FUSEBOX_API: \"https://127.0.0.1:5000\" is no address");
    refused("", &[("FUSEBOX_API", "nowhere")], "is no address of the form");
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
    refused("[storage]\nwal_bytes_max = 134217727\nwal_segment_bytes = 65536\n", &[], "storage.wal_bytes_max must be at least 134217728");
    let open = load_with("insecure = true\n[api]\nlisten = '0.0.0.0:4319'\n", &[], ServeArguments::default());
    assert!(open.is_ok(), "{open:?}");
}

#[test]
fn a_misspelt_variable_is_an_error_with_a_suggestion() {
    let check = |name: &str, expected: &str| refused("", &[(name, "1")], &format!("environment variable {name}: {expected}"));
    check("FUSEBOX_DATADIR", "unknown key; did you mean FUSEBOX_DATA_DIR?");
    check("FUSEBOX_DATA__DIR", "unknown key; did you mean FUSEBOX_DATA_DIR?");
    check("FUSEBOX_OTLP_GPRC", "unknown key; did you mean FUSEBOX_OTLP_GRPC?");
    check("FUSEBOX_COLLECTOR__BODY_BYTE_MAX", "unknown key; did you mean FUSEBOX_COLLECTOR__BODY_BYTES_MAX?");
    check("FUSEBOX_STORAGE_FLUSH_INTERVAL_MS", "unknown key; did you mean FUSEBOX_STORAGE__FLUSH_INTERVAL_MS?");
    check("FUSEBOX_INDEX__SHARDS", "unknown key");
}

/// What Kubernetes adds for services called fusebox and fusebox-api, and what the scripts and tests of the checkout are steered with.
#[test]
fn foreign_variables_are_only_mentioned() {
    let service_links = ["FUSEBOX", "FUSEBOX_API", "FUSEBOX_OTLP"].into_iter().flat_map(|service| {
        let endings = [
            "SERVICE_HOST",
            "SERVICE_PORT",
            "SERVICE_PORT_OTLP_GRPC",
            "SERVICE_PORT_OTLP_HTTP",
            "SERVICE_PORT_API",
            "PORT",
            "PORT_4317_TCP",
            "PORT_4317_TCP_PROTO",
            "PORT_4317_TCP_PORT",
            "PORT_4317_TCP_ADDR",
        ];
        endings.map(|ending| format!("{service}_{ending}"))
    });
    let steering = [
        "FUSEBOX_BIN",
        "FUSEBOX_CACHE",
        "FUSEBOX_CAPTURES",
        "FUSEBOX_CARGO_DENY",
        "FUSEBOX_KILL_CYCLES",
        "FUSEBOX_KILL_SEED",
        "FUSEBOX_PYTHON",
        "FUSEBOX_TEST_ALONE",
    ];
    for name in service_links.chain(steering.map(str::to_owned)) {
        let loaded = load_with("", &[(&name, "tcp://10.0.0.1:4317"), ("HOME", "/nowhere")], ServeArguments::default());
        let loaded = loaded.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(loaded.warnings, [format!("environment variable {name} is no setting and is ignored")]);
    }
}

#[test]
fn only_our_variables_must_be_text() {
    use std::os::unix::ffi::OsStringExt;
    let odd = || OsString::from_vec(vec![b'/', 0xff]);
    let load = |name: OsString| load(&ServeArguments::default(), [(name, odd())].into_iter(), DATA_DIR).map_err(|error| error.to_string());
    assert!(load("LESSOPEN".into()).is_ok());
    assert!(load(odd()).is_ok());
    assert_eq!(load("FUSEBOX_DATA_DIR".into()).expect_err("refused"), "environment variable FUSEBOX_DATA_DIR: not UTF-8");
}

#[test]
fn the_data_directory_of_the_command_counts_only_when_nobody_sets_one() {
    let data_dir = |file: &str, environment: &[(&str, &str)], flag: Option<&str>| {
        let flags = ServeArguments { data_dir: flag.map(PathBuf::from), ..ServeArguments::default() };
        load_with(file, environment, flags).expect("accepted").config.data_dir.display().to_string()
    };
    let variable = [("FUSEBOX_DATA_DIR", "from-environment")];
    assert_eq!(data_dir("", &[], None), DATA_DIR);
    assert_eq!(data_dir("data_dir = 'from-file'", &[], None), "from-file");
    assert_eq!(data_dir("data_dir = 'from-file'", &variable, None), "from-environment");
    assert_eq!(data_dir("", &variable, Some("from-flag")), "from-flag");
}
