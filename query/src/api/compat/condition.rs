//! A search of Jaeger's or Zipkin's as one of ours: conditions that all must hold for the same span.

/// Grows condition by condition. Texts are always quoted: they are what people typed elsewhere, and no search of ours.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Condition(Vec<String>);

impl Condition {
    pub(super) fn service(&mut self, name: &str) {
        self.equal("service", name);
    }

    pub(super) fn operation(&mut self, name: &str) {
        self.equal("operation", name);
    }

    /// A tag has this value, on the span or its resource. What is a field of ours is asked as that.
    pub(super) fn tag(&mut self, key: &str, value: &str) {
        match (key, value) {
            ("error", "true") => self.failed(),
            ("error", "false") => self.0.push("-status:error".to_owned()),
            ("span.kind" | "kind", kind) => self.equal("kind", &kind.to_ascii_lowercase()),
            ("otel.status_code", code) => self.equal("status", &code.to_ascii_lowercase()),
            ("otel.status_description", text) => self.equal("status_message", text),
            ("otel.scope.name" | "otel.library.name", name) => self.equal("scope.name", name),
            ("otel.scope.version" | "otel.library.version", version) => self.equal("scope.version", version),
            (key, value) => self.equal(&quoted(key), value),
        }
    }

    /// A tag is there, whatever it says.
    pub(super) fn has_tag(&mut self, key: &str) {
        if key == "error" { self.failed() } else { self.0.push(format!("has:{}", quoted(key))) }
    }

    pub(super) fn failed(&mut self) {
        self.0.push("status:error".to_owned());
    }

    /// Inclusive.
    pub(super) fn lasts_at_least_ns(&mut self, duration: i64) {
        self.0.push(format!("duration>={duration}ns"));
    }

    /// Inclusive.
    pub(super) fn lasts_at_most_ns(&mut self, duration: i64) {
        self.0.push(format!("duration<={duration}ns"));
    }

    /// One that is written as ours already.
    pub(super) fn search(&mut self, search: String) {
        self.0.push(search);
    }

    pub(super) fn into_text(self) -> String {
        self.0.join(" ")
    }

    fn equal(&mut self, field: &str, value: &str) {
        self.0.push(format!("{field}={}", quoted(value)));
    }
}

/// A text as a literal or key of a search.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::parse;

    fn check(build: impl FnOnce(&mut Condition), expected: &str) {
        let mut condition = Condition::default();
        build(&mut condition);
        let text = condition.into_text();
        assert_eq!(text, expected);
        parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    }

    #[test]
    fn conditions_are_searches() {
        check(|_| {}, "");
        check(|c| c.service("a b"), r#"service="a b""#);
        check(
            |c| {
                c.service("pay");
                c.operation("GET /x");
                c.lasts_at_least_ns(1_500_000);
                c.lasts_at_most_ns(2);
            },
            r#"service="pay" operation="GET /x" duration>=1500000ns duration<=2ns"#,
        );
    }

    #[test]
    fn tags_are_fields_where_we_have_one() {
        check(|c| c.tag("error", "true"), "status:error");
        check(|c| c.tag("error", "false"), "-status:error");
        check(|c| c.tag("error", "refused"), r#""error"="refused""#);
        check(|c| c.tag("span.kind", "SERVER"), r#"kind="server""#);
        check(|c| c.tag("otel.status_code", "ERROR"), r#"status="error""#);
        check(|c| c.tag("http.status_code", "200"), r#""http.status_code"="200""#);
        check(|c| c.has_tag("error"), "status:error");
        check(|c| c.has_tag("http.path"), r#"has:"http.path""#);
    }

    #[test]
    fn what_people_typed_elsewhere_stays_text() {
        check(|c| c.service(r#"x" OR service:*"#), r#"service="x\" OR service:*""#);
        check(|c| c.tag("a\"b", "c\\d\ne"), r#""a\"b"="c\\d\ne""#);
    }
}
