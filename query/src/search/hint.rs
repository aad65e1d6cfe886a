//! What to write instead of a mistake. Examples stand in backquotes, and are searches that can be run.

use super::{field::TraceField, mistake::Mistake, token::Operator};

pub(super) fn of(mistake: &Mistake) -> String {
    let fixed = match mistake {
        Mistake::Unopened { close } => return format!("remove it, or quote it as part of a text: `\"{close}\"`"),
        Mistake::LoneMinus { symbol } => {
            return format!("it touches what it leaves out: `-http.route:/health`; as text, quote it: `\"{symbol}\"`");
        }
        Mistake::LowerCase { word } => {
            let capitals = word.to_uppercase();
            return format!("write {capitals} in capitals, as in {}; to look for the word, quote it: `\"{word}\"`", example(word));
        }
        Mistake::Foreign { meant, .. } => return format!("write {meant}, as in {}", example(meant)),
        Mistake::FullWidth { meant: meant @ ('=' | '>' | '<'), .. } => {
            return format!("write it as `duration{meant}200ms`; as text, quote it: `\"a＝b\"`");
        }
        Mistake::MissingField { symbol } if !symbol.starts_with(':') => {
            return format!("name a field first: `duration>200ms`; as text, quote it: `\"{symbol}\"`");
        }
        Mistake::MissingValue { field, operator, word } => return missing_value(field, *operator, word.as_deref()),
        Mistake::UnknownOperator { meant: Some(meant), .. } => return format!("did you mean {meant}, as in {}?", example(meant)),
        Mistake::UnknownTraceField { name } => return unknown_trace_field(name),

        Mistake::TextTooLong { .. } | Mistake::TooManyTerms => "match many values at once: `error_code:5001*` or `error_code:/^50(01|07)/`",
        Mistake::NestingTooDeep => "write it flatter: `service:pay AND (status:error OR duration>1s)`",
        Mistake::TooManyRegexes | Mistake::RegexTooLong => "use a wildcard, or plain values: `service:(pay* OR cart)`",
        Mistake::TooManySteps => "`{service:web} >> {service:pay}` skips whatever stands between",

        Mistake::UnclosedQuote { quote: '\'' } => "write quotes on both sides, or double quotes around the apostrophe: `\"can't\"`",
        Mistake::UnclosedQuote { .. } => "close it: `\"lock lost\"`; a quote inside is written with a backslash: `\"say \\\"hi\\\"\"`",
        Mistake::QuoteInWord => "put a space before the quote, or quote it all: `name:\"say \\\"hi\\\"\"`",
        Mistake::Glued => {
            "put a space between: `\"lock lost\" service:pay`; a quote inside is written with a backslash: `\"say \\\"hi\\\"\"`"
        }
        Mistake::Unclosed { open: '[' } => "close it: `status:[error, ok]`, `duration:[1s TO 5s]`; as part of a text, quote it: `\"[\"`",
        Mistake::Unclosed { open: '{' } => {
            "close it: `{service:web} >> {service:pay}`, `duration:{1s TO 5s}`; as part of a text, quote it: `\"{\"`"
        }
        Mistake::Unclosed { .. } => "close it: `(status:error OR duration>1s)`; as part of a text, quote it: `\"f(\"`",
        Mistake::Empty => "put something between: `service:(pay OR cart)`",

        Mistake::MissingRight { before: "NOT" | "-" } => "say what to leave out: `-http.route:/health`",
        Mistake::MissingRight { before: "OR" } | Mistake::MissingLeft { after: "OR" } => {
            "write `service:pay OR service:cart`, or quote the word: `\"OR\"`"
        }
        Mistake::MissingLeft { .. } | Mistake::MissingRight { .. } => "write `service:pay AND status:error`, or quote the word: `\"AND\"`",
        Mistake::OnlyWildcards => "leave it out, or ask for records that have a field: `has:error_code`",
        Mistake::Pipe => "it only selects; sum and group with SQL, and quote a pipe that is text: `\"a | b\"`",
        Mistake::FullWidth { meant: '(' | ')', .. } => "write it as `(status:error OR duration>1s)`; as text, quote it: `\"（重试）\"`",
        Mistake::FullWidth { .. } => "write it as `service:pay`; as text, quote it: `\"ERROR：库存不足\"`",

        Mistake::MissingField { .. } => "the field touches the colon: `service:pay`; as text, quote it: `\":\"`",
        Mistake::HasNothing => "the field touches the colon: `has:error_code`",
        Mistake::UnknownOperator { .. } => "there are : = != > >= < <= =~ and !~, as in `duration>=200ms`",
        Mistake::BadRegex { .. } => "write it as `name:/^pay-.*/`; a sign that is text needs a backslash: `name:/f\\(x\\)/`",
        Mistake::RegexWithSpaces => "write `name=~\"connection reset\"`, or quote a path: `http.route:\"/health\"`",

        Mistake::SetAfterOperator { .. } => {
            "write `service:(pay OR cart)`; to leave them out, `-service:(pay OR cart)`; as text, quote it: `name=\"(x)\"`"
        }
        Mistake::SetSeparator => {
            "put OR or a comma between: `service:(pay OR cart)`; quote a value with spaces: `name:(\"GET /\" OR ping)`"
        }
        Mistake::NotInSet { .. } => {
            "leave out a set from outside: `-service:(pay OR cart)`; all of several: `service:pay AND status:error`"
        }
        Mistake::SetInSet => {
            "one level is enough: `service:(pay OR cart OR stock)`; quote brackets that are text: `name:(\"f(x)\" OR ping)`"
        }
        Mistake::BadRange => {
            "a range has two ends, of which one may be open: `duration:[1s TO 5s]`, `http.response.status_code:[500 TO *]`"
        }

        Mistake::LoneBraces => {
            "leave them out: `service:pay`; or relate two: `{service:web} >> {service:pay}`; quote braces that are text: `\"{id}\"`"
        }
        Mistake::RelationWithoutBraces { .. } => "write braces on both sides: `{service:web} >> {service:pay AND status:error}`",
        Mistake::StructureInside => {
            "it stands outermost, with AND and fields of the trace at most: `{service:web} >> {service:pay} AND trace.duration>2s`"
        }
        Mistake::SecondStructure => "go on with the one there is: `{service:web} >> {service:pay} > {service:bank}`",
        Mistake::SpansBesideStructure => "move it into the braces it speaks about: `{service:web} >> {service:pay AND status:error}`",
        Mistake::TraceInBraces => "move it behind them: `{service:web} >> {service:pay} AND trace.duration>2s`",
    };
    fixed.to_owned()
}

fn missing_value(field: &str, operator: Operator, word: Option<&str>) -> String {
    let is_whole = !field.ends_with('…');
    match (operator, word) {
        (Operator::Is, Some(word)) if is_whole => {
            let text = field.replace(['"', '\\'], "");
            format!("no space after the colon: `{field}:{word}`; or, as text, quote all of it: `\"{text}: {word}\"`")
        }
        (Operator::Is, _) => {
            let field = if is_whole { field } else { "error_code" };
            format!("give one: `service:pay`; or ask whether there is any: `has:{field}`")
        }
        (Operator::Compare(_), _) => format!("give one: `duration{}200ms`", operator.symbol()),
        (Operator::Matches | Operator::MatchesNot, _) => format!("give one: `name{}\"^GET .*\"`", operator.symbol()),
    }
}

/// How alike two names are, of 1, before one is taken for the other.
const ALIKE_MIN: f64 = 0.8;

fn unknown_trace_field(name: &str) -> String {
    let alike = |field: &TraceField| strsim::jaro_winkler(name, field.name());
    let nearest = TraceField::ALL.into_iter().max_by(|a, b| alike(a).total_cmp(&alike(b))).filter(|field| alike(field) >= ALIKE_MIN);
    match nearest {
        Some(field) => format!("did you mean `has:trace.{}`? An attribute of that name is quoted: `\"trace.flags\":1`", field.name()),
        None => {
            let known: Vec<_> = TraceField::ALL.into_iter().map(TraceField::name).collect();
            format!("they have {}, as in `trace.duration>2s`; an attribute of that name is quoted: `\"trace.flags\":1`", known.join(", "))
        }
    }
}

/// A search that shows an operator at work.
fn example(operator: &str) -> &'static str {
    match operator {
        "and" | "AND" => "`service:pay AND status:error`",
        "or" | "OR" => "`service:pay OR service:cart`",
        "not" => "`NOT service:pay`",
        ">=" => "`duration>=200ms`",
        "<=" => "`duration<=200ms`",
        "!=" => "`service!=pay`",
        "=~" => "`name=~\"^pay\"`",
        "!~" => "`name!~\"^pay\"`",
        _ => "`service=pay`",
    }
}
