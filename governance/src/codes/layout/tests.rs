use super::*;
use crate::codes::catalogue::{Catalogue, read_toml};

const WHO: Who<'static> = Who { service: "order", environment: "prod" };

fn catalogue(text: &str) -> Catalogue {
    let mut catalogue = Catalogue::default();
    catalogue.merge(read_toml(text).expect("valid").codes);
    catalogue
}

fn show(reading: &Reading) -> String {
    match reading {
        Reading::Parts(parts) => {
            format!("{}: {}", parts.layout, parts.parts.iter().map(|(name, part)| format!("{name}={part}")).collect::<Vec<_>>().join(" "))
        }
        Reading::Ambiguous(layouts) => format!("ambiguous {}", layouts.join(", ")),
        Reading::Whole => "whole".to_owned(),
    }
}

#[test]
fn readings_without_configuration() {
    let check = |code: &str, expected: &str| {
        assert_eq!(show(&Layouts::default().read(code, WHO, None, &Catalogue::default())), expected, "{code}");
    };
    check("5001003", "ambiguous 1-3-3, 2-2-3, http-1-3");
    check("9001003", "ambiguous 1-3-3, 2-2-3");
    check("10101", "weibo-1-2-2: code=01 level=1 module=01");
    check("501003", "2-2-2: code=03 module=10 service=50");
    check("A0201", "alibaba: code=0201 source=A");
    check("INSUFFICIENT_STOCK", "reason: code=INSUFFICIENT_STOCK");
    check("http:503", "whole");
    check("exc:java.net.ConnectException", "whole");
    check("123", "whole");
    check("", "whole");
    check("-5001003", "whole");
    check(" 501003.0 ", "2-2-2: code=03 module=10 service=50");
    check("E501003", "2-2-2: code=03 module=10 service=50");
    check("EXPIRED", "reason: code=EXPIRED");
    check("e501003", "2-2-2: code=03 module=10 service=50");
}

#[test]
fn a_binding_beats_everything() {
    let bound = |services: &[&str], environments: &[&str], lengths: &[usize]| {
        let mut all = default_layouts();
        all[1].services = services.iter().map(|&name| name.to_owned()).collect();
        all[1].environments = environments.iter().map(|&name| name.to_owned()).collect();
        all[1].lengths = lengths.to_vec();
        show(&Layouts::new(all).expect("valid").read("5001003", WHO, None, &Catalogue::default()))
    };
    let by_2_2_3 = "2-2-3: code=003 module=01 service=50";
    assert_eq!(bound(&["order"], &[], &[]), by_2_2_3);
    assert_eq!(bound(&["ord*"], &["prod"], &[7]), by_2_2_3);
    assert_eq!(bound(&[], &["prod"], &[]), by_2_2_3);
    assert_eq!(bound(&["pay"], &[], &[]), "ambiguous 1-3-3, http-1-3");
    assert_eq!(bound(&["order"], &["test"], &[]), "ambiguous 1-3-3, http-1-3");
    assert_eq!(bound(&["order"], &[], &[8]), "ambiguous 1-3-3, http-1-3");
    assert_eq!(bound(&[], &[], &[7]), "ambiguous 1-3-3, 2-2-3, http-1-3");
}

#[test]
fn else_the_catalogue_decides() {
    let layouts = Layouts::default();
    let known = |ids: &[(&str, &str)]| {
        let entries: Vec<_> = ids.iter().map(|(code, layout)| format!("[[code]]\ncode = \"{code}\"\nlayout = \"{layout}\"\n")).collect();
        catalogue(&entries.concat())
    };
    let decide = |codes: &[(&str, f64)], catalogue: &Catalogue| {
        layouts.decide(codes.iter().copied(), WHO, catalogue).map(|decision| decision.layout)
    };
    let one = known(&[("5001003", "1-3-3"), ("5001004", "1-3-3")]);
    assert_eq!(decide(&[("5001003", 8.0), ("5009999", 2.0)], &one).as_deref(), Some("1-3-3"));
    assert_eq!(decide(&[("5001003", 79.0), ("5009999", 21.0)], &one), None, "less than 80 %");
    assert_eq!(decide(&[("5001003", 8.0), ("http:503", 99.0)], &one).as_deref(), Some("1-3-3"), "what no layout reads says nothing");
    assert_eq!(decide(&[], &one), None);
    assert_eq!(decide(&[("5001003", 1.0)], &Catalogue::default()), None);
    let entries = "[[part]]\nlayout = \"1-3-3\"\nservice = \"5\"\nname = \"order\"\n[[part]]\nlayout = \"2-2-3\"\nservice = \"50\"\nname = \"order\"\n";
    assert_eq!(decide(&[("5001003", 1.0)], &catalogue(entries)), None, "two readings are known equally well");

    let decision = layouts.decide([("5001003", 1.0)].into_iter(), WHO, &one);
    assert_eq!(show(&layouts.read("5001003", WHO, decision.as_ref(), &one)), "1-3-3: code=003 module=001 service=5");
}

#[test]
fn zeros_are_put_back_only_for_a_known_code() {
    let layouts = Layouts::new(vec![LayoutEntry { pattern: r"^(?P<service>\d{2})(?P<code>\d{3})$".into(), ..default_layouts().remove(0) }])
        .expect("valid");
    let known = catalogue("[[code]]\ncode = \"01003\"\n");
    assert_eq!(show(&layouts.read("1003", WHO, None, &known)), "1-3-3: code=003 service=01");
    assert_eq!(show(&layouts.read("1003", WHO, None, &Catalogue::default())), "whole");
    assert_eq!(show(&layouts.read("1004", WHO, None, &known)), "whole");
}

#[test]
fn bad_layouts_are_named() {
    let check = |id: &str, pattern: &str, expected: &str| {
        let entry = LayoutEntry { id: id.into(), pattern: pattern.into(), ..default_layouts().remove(0) };
        assert_eq!(Layouts::new(vec![entry]).expect_err("wrong").to_string(), expected);
    };
    check("", "(?P<code>.)", "layout 0: `id` is empty");
    check("x", "(", "layout \"x\": `pattern` is no regular expression: unclosed group");
    check(
        "x",
        "(?P<kode>.)",
        "layout \"x\": `pattern` has a group \"kode\"; parts are service, module, code, level, source, http and class",
    );
    check("x", r"\d+", "layout \"x\": `pattern` names no part, such as (?P<service>…)");
    check("x", &"(?P<code>.)".repeat(60), "layout \"x\": `pattern` has 660 bytes, 512 at most");
    let twice = vec![default_layouts().remove(0), default_layouts().remove(0)];
    assert_eq!(Layouts::new(twice).expect_err("wrong").to_string(), "layout \"1-3-3\": `id` is used twice");
    assert!(Layouts::new(vec![LayoutEntry { pattern: r"(?P<code>(\w{1000}){1000})".into(), ..default_layouts().remove(0) }]).is_err());
}

#[test]
fn spellings_of_a_code() {
    for (code, expected) in [
        ("5001003", vec!["5001003"]),
        ("E5001003", vec!["E5001003", "5001003"]),
        ("ERR-5001003", vec!["ERR-5001003", "5001003"]),
        ("err_12", vec!["err_12", "12"]),
        ("5001003.0", vec!["5001003.0", "5001003"]),
        ("-1", vec!["-1"]),
        ("E-1", vec!["E-1", "1"]),
        ("EXPIRED", vec!["EXPIRED"]),
        ("错误", vec!["错误"]),
    ] {
        assert_eq!(spellings(code), expected, "{code}");
    }
}
