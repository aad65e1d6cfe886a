//! Error codes: what is imported stays, what is wrong in a file is named, and what a terminal shows.

use std::{
    fs,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

use crate::{
    http::Http,
    process::{FREE_PORTS, Server, fusebox, output, stderr, stdout},
};

const CODES: &str = "code,title,title_zh\n5001003,Insufficient stock,库存不足\n";

fn title(server: &Server) -> Value {
    Http::connect(&server.api).json("/api/v1/error-catalog/5001003")["title"].clone()
}

/// A failed span of `stock` with a code, now.
fn failed() -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos() as u64;
    json!({"resourceSpans": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "stock"}}]},
        "scopeSpans": [{"spans": [{
            "traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "spanId": "00f067aa0ba902b7", "name": "Deduct", "kind": 2,
            "startTimeUnixNano": (now - 5_000_000_000).to_string(), "endTimeUnixNano": (now - 4_000_000_000).to_string(),
            "status": {"code": 2, "message": "insufficient stock"},
            "attributes": [{"key": "error.code", "value": {"intValue": "5001003"}}],
        }]}],
    }]})
}

#[test]
fn an_import_survives_kill_dash_nine_and_comes_along_in_a_backup() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Server::start(&dir);
    let (status, said) = Http::connect(&server.api).post("/api/v1/error-catalog:import", &json!({"format": "csv", "text": CODES}));
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&said));
    assert_eq!(title(&server), "Insufficient stock");
    server.signal("KILL");
    server.wait();
    let again = Server::start(&dir);
    assert_eq!(title(&again), "Insufficient stock");
    let backup = output(fusebox(dir.path()).args(["backup", "copy"]));
    assert_eq!(backup.status.code(), Some(0), "{}", stderr(&backup));
    let restored = output(fusebox(dir.path()).args(["restore", "copy", "--data-dir", "restored"]));
    assert_eq!(restored.status.code(), Some(0), "{}", stderr(&restored));
    let third = Server::spawn(fusebox(dir.path()).args(["serve", "--data-dir", "restored"]).args(FREE_PORTS));
    assert_eq!(title(&third), "Insufficient stock");
}

#[test]
fn check_names_the_file_the_line_and_the_field() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).expect("written");
    write("fusebox.toml", "[errors]\nfiles = ['codes.toml', 'more.csv']\n[[errors.count]]\nservices = ['pay*']\nhttp_min = 400\n");
    write("more.csv", "code,title,owner\n5001003,Sold out,team\n");
    let check = |code: i32, expected: &str| {
        for command in ["check", "serve"] {
            if code == 0 && command == "serve" {
                continue;
            }
            let ended = output(fusebox(dir.path()).args([command, "--config", "fusebox.toml"]).args(FREE_PORTS));
            let said = stdout(&ended) + &stderr(&ended);
            assert_eq!(ended.status.code(), Some(code), "{said}");
            assert!(said.contains(expected), "{said}");
        }
    };
    check(78, "codes.toml");
    write("codes.toml", "[[code]]\ncode = '5001003'\n\n[[layout]]\nid = 'x'\npattern = '(?P<modul>.)'\n");
    check(78, "codes.toml:4: layout \"x\": `pattern` has a group \"modul\"");
    write("codes.toml", "[[code]]\ncode = '5001003'\nclass = 'mine'\n");
    check(78, "codes.toml:3: unknown variant `mine`");
    write("codes.toml", "[[code]]\ncode = '5001003'\ntitle = 'Insufficient stock'\n");
    check(0, "error codes     ok (1 codes, 7 layouts)");
    check(0, "more.csv:2: `title.en` of 5001003 is \"Sold out\" here and \"Insufficient stock\" before, which holds");
    let shown = output(fusebox(dir.path()).args(["config", "show", "--origin", "--config", "fusebox.toml"]));
    let shown = stdout(&shown);
    let of = |key: &str| shown.lines().find(|line| line.starts_with(key)).unwrap_or_else(|| panic!("no {key} in {shown}"));
    assert!(of("errors.files = [\"codes.toml\", \"more.csv\"]").ends_with("# file fusebox.toml"), "{shown}");
    assert!(of("errors.count = ").contains("http_min = 400"), "{shown}");
    write("fusebox.toml", "[[errors.count]]\nhttp_minimum = 400\n");
    check(78, "fusebox.toml:2: unknown key `http_minimum`");
}

#[test]
fn codes_in_the_terminal() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Server::start(&dir);
    let (status, _) = Http::connect(&server.api).post("/api/v1/error-catalog:import", &json!({"format": "csv", "text": CODES}));
    assert_eq!(status, 200);
    let (status, said) = Http::connect(&server.otlp_http).post("/v1/traces", &failed());
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&said));
    let errors = |arguments: &[&str], language: &str| {
        let mut command = fusebox(dir.path());
        let ended = output(command.arg("errors").args(arguments).env("FUSEBOX_API", &server.api).env("LANG", language));
        (ended.status.code(), stdout(&ended), stderr(&ended))
    };
    let (code, table, said) = errors(&[], "en_US.UTF-8");
    let lines: Vec<Vec<&str>> =
        table.lines().map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()).collect();
    assert_eq!((code, said.trim()), (Some(0), "1 codes, 1 errors"), "{table}");
    assert_eq!(lines[0], ["code", "title", "count", "trend", "status", "born in"]);
    assert_eq!(lines[2][..3], ["5001003", "Insufficient stock", "1"]);
    assert!(lines[2][3].contains('█') && lines[2].last() == Some(&"stock"), "{table}");
    let (_, table, _) = errors(&["--range", "24h"], "zh_CN.UTF-8");
    assert!(table.contains("库存不足"), "{table}");

    let (code, detail, said) = errors(&["5001003"], "C");
    assert_eq!(code, Some(0), "{said}");
    for line in [
        "title       Insufficient stock",
        "born in     stock 1",
        "parts       ambiguous: 1-3-3, 2-2-3, http-1-3",
        "becomes     stock 5001003  (1×)",
    ] {
        assert!(detail.lines().any(|shown| shown == line), "{line:?} is not in\n{detail}");
    }
    let (_, answer, _) = errors(&["-o", "json"], "C");
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    assert_eq!(answer["codes"][0]["count"], 1.0);
    let (_, answer, _) = errors(&["5001003", "-o", "json"], "C");
    assert_eq!(serde_json::from_str::<Value>(&answer).expect("JSON")["code"], "5001003");
    let (code, _, said) = errors(&["nothing"], "C");
    assert!(code == Some(1) && said.contains("\"nothing\" is born in no error") && said.contains("hint:"), "{said}");
    assert_eq!(errors(&["--count", "twice"], "C").0, Some(2));
}
