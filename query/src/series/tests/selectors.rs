//! Selectors: what is read of them, what they match, and what is wrong with others.

use super::super::{Labels, Selector};

#[test]
fn read() {
    let check = |text: &str, expected: &str| {
        assert_eq!(Selector::parse(text).map(|selector| selector.to_string()), Ok(expected.to_owned()), "{text}")
    };
    check("up", r#"{__name__="up"}"#);
    check(" http.server.duration { } ", r#"{__name__="http.server.duration"}"#);
    check(r#"{"http.server.duration"}"#, r#"{__name__="http.server.duration"}"#);
    check(r#"{"http.server.duration", "http.route"="/a"}"#, r#"{__name__="http.server.duration", http_route="/a"}"#);
    check(r#"m{a="1",b!="2" , c=~"3|4",d!~'5',}"#, r#"{__name__="m", a="1", b!="2", c=~"3|4", d!~"5"}"#);
    check(r#"m{http.request.method="GET"}"#, r#"{__name__="m", http_request_method="GET"}"#);
    check(r#"m{a="x\\y\"z\n", b=~`\d+`}"#, r#"{__name__="m", a="x\\y\"z\n", b=~"\\d+"}"#);
    check(r#"{__name__=~"a.*", job="库存"}"#, r#"{__name__=~"a.*", job="库存"}"#);
}

#[test]
fn matched() {
    let labels = Labels::from([("a", "1"), ("path", "/v1/orders\n")]);
    let check = |text: &str, expected: bool| assert_eq!(Selector::parse(text).expect("right").matches("m", &labels), expected, "{text}");
    check("m", true);
    check("n", false);
    check(r#"m{a="1"}"#, true);
    check(r#"m{a!="1"}"#, false);
    check(r#"m{b=""}"#, true);
    check(r#"m{b!=""}"#, false);
    check(r#"m{b!="1"}"#, true);
    check(r#"m{a=~"1|2"}"#, true);
    // The whole value, line ends too.
    check(r#"m{path=~"/v1"}"#, false);
    check(r#"m{path=~"/v1.*"}"#, true);
    check(r#"m{path!~"/v1.*"}"#, false);
    check(r#"{__name__=~"m|n", b=~".*"}"#, true);
}

#[test]
fn mistakes() {
    let check = |text: &str, expected: &str, at: usize| {
        let error = Selector::parse(text).expect_err(text);
        assert!(error.message.contains(expected) && error.at == at, "{text}: {error:?}");
    };
    check("", "begins with the name", 0);
    check("m{", "name of a label", 2);
    check("m{a}", "expected =, !=, =~ or !~", 3);
    check("m{a=1}", "in quotes", 4);
    check(r#"m{a="1}"#, "no end", 4);
    check(r#"m{a="1" b="2"}"#, "expected , or }", 8);
    check(r#"m{a="\d"}"#, "use backquotes", 7);
    check(r#"m{a=~"("}"#, "is not a pattern", 5);
    check(r#"m{a=~")("}"#, "is not a pattern", 5);
    check(r#"m{a=~"((a{100}){100}){100}"}"#, "too large", 5);
    check("m{} x", "after the end", 4);
    check(r#"m{"n"}"#, "named twice", 5);
    check(r#"{a=~".*"}"#, "leaves nothing out", 0);
    check("{}", "leaves nothing out", 0);
    check(&"m".repeat(8193), "at most 8192 bytes", 8192);
    check(&format!("m{{{}}}", r#"a="1","#.repeat(64)), "at most 64", 2 + 6 * 63);
}
