//! Breakers as a person sees them in a terminal, and what our own rules have to do with a trip.

use serde_json::{Value, json};

use crate::{
    http::Http,
    process::{Server, fusebox, output, stderr, stdout},
};

const SECOND: i64 = 1_000_000_000;

/// The line of our own convention, in logs of `order`.
fn state_change(time_ns: i64, from: &str, to: &str) -> Value {
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    json!({"resourceLogs": [{
        "resource": {"attributes": [text("service.name", "order"), text("service.instance.id", "order-1")]},
        "scopeLogs": [{"logRecords": [{
            "timeUnixNano": time_ns.to_string(), "severityNumber": 13, "eventName": "circuit_breaker.state_change",
            "body": {"stringValue": "circuit_breaker.state_change"},
            "attributes": [text("circuitbreaker.name", "payment"), text("from", from), text("to", to)],
        }]}],
    }]})
}

#[test]
fn rules_that_were_loaded_before_a_trip_are_a_suspect_and_the_terminal_shows_its_lane() {
    let dir = tempfile::tempdir().unwrap();
    let rules = dir.path().join("mine.toml");
    std::fs::write(&rules, "").unwrap();
    let mut server = Server::start_with(&dir, "[governance]\nrules = ['mine.toml']\n");
    std::fs::write(&rules, "[[rule]]\nid = \"hystrix-go.text\"\non = [\"span\"]\nenabled = false\n").unwrap();
    server.signal("HUP");
    server.wait_for_log("rules reloaded");
    let now = i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap();
    for (name, line) in [("open", state_change(now, "closed", "open")), ("closed", state_change(now + SECOND / 2, "open", "closed"))] {
        let file = format!("{name}.json");
        std::fs::write(dir.path().join(&file), line.to_string()).unwrap();
        let sent = output(fusebox(dir.path()).args(["send", &file, "--endpoint", &server.otlp_http, "--no-progress"]));
        assert!(sent.status.success(), "{}", stderr(&sent));
    }

    let shown = |arguments: &[&str]| {
        let output = output(fusebox(dir.path()).arg("breakers").args(arguments).args(["--api", &server.api]));
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        stdout(&output)
    };
    // No window reaches beyond the present.
    std::thread::sleep(std::time::Duration::from_secs(1));
    let window = ["--range", "5m"];
    let text = shown(&window);
    let row = text.lines().find(|line| line.contains("order payment")).unwrap_or_else(|| panic!("{text}"));
    assert!(row.contains("closed") && row.contains('█') && row.contains('─'), "a lane with the time it was open: {row}");
    let all: Value = serde_json::from_str(&shown(&[&window[..], &["--json"]].concat())).unwrap();
    let breaker = &all["breakers"][0];
    assert_eq!((&breaker["name"], &breaker["trips"]), (&json!("payment"), &json!(1)), "{all}");
    assert_eq!(shown(&[&window[..], &["--service", "nobody"]].concat()).lines().filter(|line| line.contains("payment")).count(), 0);

    let (id, opened) = (&breaker["id"], &breaker["last_trip"]["opened"]["time"]);
    let trip = Http::connect(&server.api).json(&format!("/api/v1/breakers/{id}/trips/{opened}").replace('"', ""));
    let reload = trip["changes"].as_array().unwrap().iter().find(|change| change["kind"] == "config_reload");
    let reload = reload.unwrap_or_else(|| panic!("the rules were loaded again just before: {trip}"));
    assert_eq!(reload["service"], "fusebox", "{reload}");
    assert!(reload["before_ns"].as_i64().is_some_and(|before| before >= 0), "{reload}");
}
