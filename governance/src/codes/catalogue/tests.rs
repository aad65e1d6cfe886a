use proptest::prelude::*;

use super::*;
use crate::codes::layout::Layouts;

const TOML: &str = r#"
[[code]]
code = "5001003"
service = "stock"
layout = "1-3-3"
title = { en = "Insufficient stock", zh = "库存不足" }
message = "not enough left"
solution = { zh = "补货" }
severity = "warning"
class = "business"
owner = "team-stock"
runbook = "https://wiki/5001003"

[[part]]
layout = "1-3-3"
service = "5"
name = { en = "order", zh = "订单" }
"#;

fn read(text: &str) -> Catalogue {
    let file = read_toml(text).expect("valid");
    let mut catalogue = Catalogue::default();
    catalogue.merge(file.codes);
    catalogue.merge_parts(file.parts);
    catalogue
}

#[test]
fn toml_there_and_back() {
    let file = read_toml(TOML).expect("valid");
    let entry = &file.codes[0];
    assert_eq!((entry.line, entry.value.code.as_str(), entry.value.class), (2, "5001003", Some(Class::Business)));
    let again = write_toml(file.layouts.iter(), file.codes.iter().map(|code| &code.value), file.parts.iter());
    let read_again = read_toml(&again).expect("what is written can be read");
    assert_eq!((&read_again.codes[0].value, &read_again.parts), (&entry.value, &file.parts), "{again}");
    let check = |text: &str, expected: &str| assert_eq!(read_toml(text).expect_err(text).to_string(), expected, "{text}");
    check("[[code]]\ntitle = \"x\"", "line 1: `code` is empty");
    check("\n[[code]]\ncode = \"a b\"", "line 2: `code` \"a b\" has blanks or more than 128 bytes");
    check(
        "[[code]]\ncode = \"a\"\nclass = \"mine\"",
        "line 3: unknown variant `mine`, expected one of `business`, `system`, `dependency`, `client`",
    );
    check("[[layout]]\nid = \"x\"\npattern = \"(\"", "line 1: layout \"x\": `pattern` is no regular expression: unclosed group");
    check(
        "[[layout]]\nid = \"a\"\npattern = '(?P<code>.)'\n\n[[layout]]\nid = \"b\"\npattern = 'x'",
        "line 5: layout \"b\": `pattern` names no part, such as (?P<service>…)",
    );
    assert!(read_toml("[[code]]\ncode = \"a\"\nkolor = 1").expect_err("unknown").to_string().starts_with("line 3: unknown field `kolor`"));
}

#[test]
fn languages() {
    for (header, expected) in [
        ("", Language::En),
        ("zh-CN,zh;q=0.9,en;q=0.8", Language::Zh),
        ("en-US,en;q=0.9,zh;q=0.8", Language::En),
        ("zh;q=0.1, en;q=0.2", Language::En),
        ("fr, zh;q=0.5", Language::Zh),
        ("fr", Language::En),
        ("*", Language::En),
        ("zh;q=0", Language::En),
        ("zh;q=x", Language::En),
        ("ZH-hant", Language::Zh),
    ] {
        assert_eq!(choose(header), expected, "{header}");
    }
    let catalogue = read(TOML);
    let entry = catalogue.get("5001003", "stock").expect("there");
    assert_eq!(entry.title.get(Language::Zh), ("库存不足", Language::Zh));
    assert_eq!(entry.message.get(Language::Zh), ("not enough left", Language::En), "the other language is better than none");
    assert_eq!(entry.solution.get(Language::En), ("补货", Language::Zh));
}

#[test]
fn csv() {
    let text = "\u{feff}code,title,title_zh,class,owner\n5001003,Insufficient stock,库存不足,business,team\n\n5001004,\"A, b\",,,\n";
    let codes = read_csv(text).expect("valid");
    assert_eq!(codes.iter().map(|code| (code.line, code.value.code.as_str())).collect::<Vec<_>>(), [(2, "5001003"), (4, "5001004")]);
    assert_eq!((codes[0].value.title.zh.as_str(), codes[1].value.title.en.as_str()), ("库存不足", "A, b"));
    let check = |text: &str, expected: &str| assert_eq!(read_csv(text).expect_err(text).to_string(), expected);
    check("title\nx\n", "line 1: there is no column `code`");
    check(
        "code,kolor\n1,2\n",
        "line 1: column \"kolor\" is unknown; columns are code, service, module, layout, reason, title, title_zh, message, message_zh, solution, solution_zh, severity, class, http_status, owner, runbook",
    );
    check("code,code\n1,2\n", "line 1: column \"code\" is there twice");
    check("code,title\n1,a\n2\n", "line 3: 1 fields where the header has 2");
    check("code,title\n1,a\n,b\n", "line 3: `code` is empty");
    check("code,class\n1,mine\n", "line 2: class \"mine\" is none of business, system, dependency and client");
    check("code,http_status\n1,many\n", "line 2: http_status \"many\" is no number");
}

#[test]
fn proto() {
    let source = r#"
syntax = "proto3";
import "errors/errors.proto";
option go_package = "api/user/v1;v1";

// Reasons of the user service.
enum ErrorReason {
  option (errors.default_code) = 500;
  // 用户不存在
  USER_NOT_FOUND = 0 [(errors.code) = 404];
  CONTENT_MISSING = 1 [ (errors.code) = 400, deprecated = true ]; // content is missing
  /* The store
   * is down. */
  STORE_DOWN = 2;
  reserved 7;
}
enum Colour { RED = 0; }
"#;
    let codes = read_proto(source).expect("valid");
    let seen: Vec<_> = codes
        .iter()
        .map(|code| (code.line, code.value.code.as_str(), code.value.http_status, code.value.class, code.value.title.clone()))
        .collect();
    assert_eq!(
        seen,
        [
            (10, "USER_NOT_FOUND", Some(404), Some(Class::Client), Text::guessed("用户不存在")),
            (11, "CONTENT_MISSING", Some(400), Some(Class::Client), Text::guessed("content is missing")),
            (14, "STORE_DOWN", Some(500), Some(Class::System), Text::guessed("The store is down.")),
        ]
    );
    let check = |text: &str, expected: &str| assert_eq!(read_proto(text).expect_err(text).to_string(), expected, "{text}");
    check("enum A { B = 0; }", "line 1: no enum with (errors.code) or (errors.default_code)");
    check("enum A {\n  B = 0 [(errors.code) = x];\n}", "line 2: (errors.code) is not followed by `= ` and a status");
    check("enum A {\n  B = 0 [(errors.code) = 404]\n}", "line 2: a `;` is missing");
    check("enum A {\n  B = 0 [(errors.code) = 404];", "line 2: an enum is not closed");
    check("/* open", "line 1: a comment is not closed");
    check("", "line 1: no enum with (errors.code) or (errors.default_code)");
}

#[test]
fn java() {
    let source = r#"
package shop;
/** Codes. */
public enum ErrorCode implements Code {
    SUCCESS(0, "ok"),
    @Deprecated
    INSUFFICIENT_STOCK(5_001_003, "库存不足", "insufficient \"stock\""), // note
    USER_NOT_FOUND("A0201", "用户不存在", HttpStatus.NOT_FOUND),
    @Json(name = "x") NEGATIVE(-12L, "below zero") { @Override int f() { return 1; } },
    EMPTY;
    private final int code;
    ErrorCode(int code, String message) { this.code = code; }
}
"#;
    let codes = read_java(source).expect("valid");
    let seen: Vec<_> = codes
        .iter()
        .map(|code| {
            (
                code.line,
                code.value.code.as_str(),
                code.value.reason.as_str(),
                code.value.message.en.as_str(),
                code.value.message.zh.as_str(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (7, "5001003", "INSUFFICIENT_STOCK", "insufficient \"stock\"", "库存不足"),
            (8, "A0201", "USER_NOT_FOUND", "", "用户不存在"),
            (9, "-12", "NEGATIVE", "below zero", ""),
        ]
    );
    let check = |text: &str, expected: &str| assert_eq!(read_java(text).expect_err(text).to_string(), expected, "{text}");
    check("class A {}", "line 1: no enum constant with a code, such as NOT_FOUND(5001003, \"…\")");
    check("enum A { B(1, \"x\"", "line 1: a `(` is not closed");
    check("enum A { B(1)", "line 1: an enum is not closed");
    check("enum A", "line 1: an enum has no body");
    check("enum A { B(1, \"x) }", "line 1: a text is not closed");
}

#[test]
fn merges_report_conflicts_by_line() {
    let mut catalogue = read(TOML);
    let csv = "code,service,title,title_zh,owner,class,message_zh\n\
        5001003,stock,Insufficient stock,,team-a,system,不够\n5001003,stock,Insufficient stock,,,,\n5001004,,New,,,,\n";
    let merged = catalogue.merge(read_csv(csv).expect("valid"));
    let conflict = |field: &str, kept: &str, refused: &str| Conflict {
        line: 2,
        code: "5001003".into(),
        field: field.into(),
        kept: kept.into(),
        refused: refused.into(),
    };
    assert_eq!(
        merged,
        Merged {
            added: 1,
            completed: 1,
            unchanged: 1,
            conflicts: vec![conflict("owner", "team-stock", "team-a"), conflict("class", "business", "system")],
        }
    );
    let entry = catalogue.get("5001003", "stock").expect("there");
    assert_eq!((entry.owner.as_str(), entry.message.zh.as_str()), ("team-stock", "不够"), "what was there stays, what was empty is filled");
    assert_eq!(catalogue.len(), 2);
}

#[test]
fn whose_entry() {
    let catalogue = read(
        "[[code]]\ncode = \"A\"\nservice = \"x\"\n[[code]]\ncode = \"A\"\nservice = \"y\"\nowner = \"o\"\n[[code]]\ncode = \"B\"\nservice = \"x\"\n[[code]]\ncode = \"C\"\n",
    );
    let owner = |code: &str, service: &str| catalogue.get(code, service).map(|entry| entry.service.as_str());
    assert_eq!(owner("A", "y"), Some("y"));
    assert_eq!(owner("A", "z"), None, "two have it, neither is asked for");
    assert_eq!(owner("B", "z"), Some("x"), "seen elsewhere: the only one that has it");
    assert_eq!(owner("C", "z"), Some(""));
    assert_eq!(owner("D", "x"), None);
    assert_eq!((catalogue.home("A"), catalogue.home("B"), catalogue.home("C")), (None, Some("x"), None));
}

#[test]
fn unknown_codes_are_listed_by_shape() {
    let seen = |code, count| Seen { code, service: "pay", count, message: "lock lost" };
    let all = [
        seen("5301010", 3.0),
        seen("5301011", 9.0),
        seen("ERR-FOO.1", 1.0),
        seen("ERR-BAR.2", 1.0),
        seen("5001003", 99.0),
        seen("http:503", 99.0),
        seen("PAY_FAILED", 2.0),
    ];
    let unknown = unknown_codes(all, &Layouts::default(), &read(TOML));
    let shown: Vec<_> =
        unknown.iter().map(|unknown| (unknown.shape.as_str(), unknown.forms, unknown.count, unknown.samples[0].code.as_str())).collect();
    assert_eq!(
        shown,
        [(r"^\d{7}$", 2, 12.0, "5301011"), (r"^ERR\-[A-Z_]+\.\d+$", 2, 2.0, "ERR-BAR.2"), ("^PAY_[A-Z_]+$", 1, 2.0, "PAY_FAILED")]
    );
    for unknown in &unknown {
        read_toml(&unknown.suggestion).unwrap_or_else(|error| panic!("{}: {error}", unknown.suggestion));
        assert!(regex::Regex::new(&unknown.shape).expect("a pattern").is_match(&unknown.samples[0].code));
    }
    assert!(unknown[0].suggestion.contains("services = [\"pay\"]"), "an ambiguous code wants a binding: {}", unknown[0].suggestion);
}

proptest! {
    #[test]
    fn any_source(text in ".{0,200}", pieces in prop::collection::vec(prop::sample::select(vec!["enum A {", "}", "B = 0", "[(errors.code) = ", "404]", ";", "option (errors.default_code) = 5", "(", ")", "X(1, \"a\")", ",", "\"", "//", "/*", "*/", "\n", "-", "@A", "码", "code\n"]), 0..30)) {
        let source = pieces.concat();
        for text in [&text, &source] {
            let _ = (read_csv(text), read_toml(text), read_proto(text), read_java(text), choose(text));
        }
    }
}
