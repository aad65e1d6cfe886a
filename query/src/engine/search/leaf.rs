//! One field: where it lives and what is asked of it there.

use arrow::datatypes::DataType;
use datafusion::{
    common::ScalarValue,
    functions::core::expr_fn::coalesce,
    logical_expr::{Expr, Operator, ScalarUDF, binary_expr, cast, ident, in_list, lit},
};
use schemas::{
    Table,
    column::{Column, Kind},
    columns as c,
    promoted::Side,
};

use super::{
    super::{
        EngineError,
        functions::{AttributeGetter, EventMatch, FirstText, Getter, Part, ValueMatch, hex_of, id},
    },
    atoms::{Atom, Join, atoms},
    compile::Compiler,
    condition::{Condition, Matcher, operator},
    literal::Literal,
    number,
};
use crate::search::{
    self, Comparison, EventPart, FieldTest, Holder, HolderPlace, Place, Target, TraceField, Value, Wildcard, WildcardPart, named_numbers,
    numbers_named,
};

/// A value in a row: a column, or what is computed of one.
pub(super) struct Held<'a> {
    pub value: Expr,
    pub kind: &'a Kind,
    /// Says which words stand for its numbers, and whether these are durations.
    pub name: &'a str,
    /// Whether a value that the column can never hold is a mistake. Not so where other holders follow.
    pub strict: bool,
}

impl Compiler<'_> {
    pub(super) fn field(&self, test: &FieldTest) -> Result<Expr, EngineError> {
        match search::resolve(&test.field, self.table) {
            Target::Column(column) => self.column(column, test, true),
            Target::Held(holders) => self.first_of(&holders, test),
            Target::Event(part) => self.event(&part, test),
            Target::Trace(TraceField::Id) => match self.table.columns().find(|column| column.name == c::TRACE_ID) {
                Some(column) => self.column(column, test, true),
                None => Err(self.mistake(test.field.place, format!("{} have no trace", self.table), "ask for spans or logs")),
            },
            Target::Trace(_) => self.of_trace(test),
        }
    }

    /// The values of a field as text, for people to choose from; `None` where that makes no sense.
    pub(super) fn value_text(&self, field: &search::Field) -> Option<Expr> {
        let text = |column: &Column| match column.kind {
            Kind::Id(_) => Some(hex_of(ident(column.name))),
            Kind::List { .. } | Kind::Structs { .. } => None,
            _ => Some(cast(ident(column.name), DataType::Utf8)),
        };
        match search::resolve(field, self.table) {
            Target::Column(column) => text(column),
            Target::Held(holders) => {
                let values = holders.iter().filter_map(|holder| match &holder.place {
                    HolderPlace::Column(column) => text(column),
                    HolderPlace::Attribute { json, key } => Some(attribute(json.name, key)),
                });
                Some(coalesce(values.collect()))
            }
            Target::Event(_) | Target::Trace(_) => None,
        }
    }

    /// The first holder that has a value answers.
    fn first_of(&self, holders: &[Holder], test: &FieldTest) -> Result<Expr, EngineError> {
        let mut answer: Option<Expr> = None;
        for (side, value, column) in in_runs(holders).into_iter().rev() {
            let held = match column {
                Some(column) => Held { value: value.clone(), kind: &column.kind, name: column.name, strict: false },
                None => Held { value: value.clone(), kind: &Kind::Text, name: "", strict: false },
            };
            let matches = self.held(&held, test)?;
            let (own, absent) = match on(side) {
                Some(on) => (on.clone().and(matches), value.is_null().or(Expr::Not(Box::new(on)))),
                None => (matches, value.is_null()),
            };
            answer = Some(match answer {
                Some(next) => own.or(absent.and(next)),
                None => own,
            });
        }
        Ok(answer.unwrap_or_else(|| lit(false)))
    }

    fn event(&self, part: &EventPart, test: &FieldTest) -> Result<Expr, EngineError> {
        let (part, time) = match part {
            EventPart::Column(column) => (Part::Column(column.name), matches!(column.kind, Kind::Time)),
            EventPart::Attribute(key) => (Part::Attribute(key.clone()), false),
        };
        let (join, atoms) = atoms(&test.predicate);
        let condition = match atoms.as_slice() {
            [Atom::Exists] => None,
            _ if time => Some(self.time_condition(join, &atoms, test.place)?),
            _ => Some(self.condition(join, &atoms, test.place)?),
        };
        Ok(ScalarUDF::from(EventMatch::new(part, condition)).call(vec![ident(c::EVENTS)]))
    }

    fn column(&self, column: &Column, test: &FieldTest, strict: bool) -> Result<Expr, EngineError> {
        self.held(&Held { value: ident(column.name), kind: &column.kind, name: column.name, strict }, test)
    }

    /// What is asked of one value, by its type.
    pub(super) fn held(&self, held: &Held<'_>, test: &FieldTest) -> Result<Expr, EngineError> {
        let (join, atoms) = atoms(&test.predicate);
        if matches!(atoms.as_slice(), [Atom::Exists]) {
            return Ok(held.value.clone().is_not_null());
        }
        if matches!(held.kind, Kind::Text | Kind::GroupText) {
            return self.text(held.value.clone(), join, &atoms, test.place);
        }
        let mut answer: Option<Expr> = None;
        for atom in atoms {
            let one = match held.kind {
                Kind::Id(bytes) => self.id(held, *bytes, atom, test)?,
                Kind::Time => self.time(held, atom, test)?,
                Kind::Bool => self.boolean(held, atom, test)?,
                Kind::List { .. } | Kind::Structs { .. } => return Err(self.only_existence(test)),
                _ => self.number(held, atom, test)?,
            };
            answer = Some(match (answer, join) {
                (None, _) => one,
                (Some(before), Join::Any) => before.or(one),
                (Some(before), Join::All) => before.and(one),
            });
        }
        Ok(answer.unwrap_or_else(|| lit(false)))
    }

    /// Plain equality and prefixes are said so that bounds can rule blocks out.
    fn text(&self, value: Expr, join: Join, atoms: &[Atom<'_>], place: Place) -> Result<Expr, EngineError> {
        let plain = |atom: &Atom<'_>| match atom {
            Atom::Compare(Comparison::Equal, asked) if self.literal(asked).is_plain() => Some(lit(asked.text())),
            _ => None,
        };
        if let Some(mut texts) = atoms.iter().map(plain).collect::<Option<Vec<_>>>() {
            match (join, texts.len()) {
                (_, 1) => return Ok(value.eq(texts.remove(0))),
                (Join::Any, _) => return Ok(in_list(value, texts, false)),
                (Join::All, _) => {}
            }
        }
        if let [Atom::Like(wildcard)] = atoms
            && let Some(prefix) = wildcard.as_prefix()
        {
            return Ok(value.like(lit(like_prefix(prefix))));
        }
        Ok(ScalarUDF::from(ValueMatch::new(self.condition(join, atoms, place)?)).call(vec![value]))
    }

    fn number(&self, held: &Held<'_>, atom: Atom<'_>, test: &FieldTest) -> Result<Expr, EngineError> {
        let data_type = held.kind.data_type();
        let column = || held.value.clone();
        let Atom::Compare(comparison, value) = atom else {
            // Neither its digits nor any word for it.
            if let Atom::MatchesNot(regex) = atom {
                return Ok(Expr::Not(Box::new(self.number(held, Atom::Matches(regex), test)?)));
            }
            let condition = self.condition(Join::All, &[atom], test.place)?;
            let names = named_numbers(held.name).iter().filter(|named| condition.holds(named.name));
            let of_names = names.map(|named| number::compare_range(column(), &data_type, Operator::Eq, &(named.from..=named.to)));
            let of_digits = ScalarUDF::from(ValueMatch::new(condition.clone())).call(vec![number::as_text(column())]);
            return Ok(of_names.fold(of_digits, Expr::or));
        };
        let operator = operator(comparison);
        if let Some(range) = numbers_named(held.name, value.text()) {
            return Ok(number::compare_range(column(), &data_type, operator, &range));
        }
        let is_duration = held.name == c::DURATION_NS;
        let readings = value.readings();
        let integer = |integer: i128| search::Number::Integer(integer);
        let duration = readings.duration_ns.filter(|_| is_duration).map(|duration| integer(duration.into()));
        let size = readings.size_bytes.filter(|_| !is_duration).map(|size| integer(size.into()));
        match readings.number.or(duration).or(size) {
            Some(asked) => Ok(number::compare(column(), &data_type, operator, asked)),
            None if held.strict => Err(self.not_a_number(held.name, value, test)),
            // Not a number, so another value.
            None if operator == Operator::NotEq => Ok(column().is_not_null()),
            None => Ok(lit(false)),
        }
    }

    fn not_a_number(&self, name: &str, value: &Value, test: &FieldTest) -> EngineError {
        let words: Vec<&str> = named_numbers(name).iter().map(|named| named.name).collect();
        let (field, text) = (&test.field, value.text());
        if !words.is_empty() {
            return self.mistake(test.place, format!("`{field}` is never `{text}`"), format!("its values are {}", words.join(", ")));
        }
        if name == c::DURATION_NS {
            let hint = format!("durations have units: `{field}>200ms`, `{field}>1.5s`");
            return self.mistake(test.place, format!("`{field}` is a duration, `{text}` is none"), hint);
        }
        self.mistake(test.place, format!("`{field}` is a number, `{text}` is none"), format!("for instance `{field}>=1`"))
    }

    fn time(&self, held: &Held<'_>, atom: Atom<'_>, test: &FieldTest) -> Result<Expr, EngineError> {
        let time = match atom {
            Atom::Compare(comparison, value) => self.literal(value).time().map(|time| (comparison, time)),
            _ => None,
        };
        let Some((comparison, time)) = time else { return Err(self.not_a_time(test)) };
        Ok(binary_expr(held.value.clone(), operator(comparison), timestamp(time.0)))
    }

    fn not_a_time(&self, test: &FieldTest) -> EngineError {
        let field = &test.field;
        let hint = format!("for instance `{field}>now-15m` or `{field}>=2026-11-06T10:00:00Z`");
        self.mistake(test.place, format!("`{field}` is a time and compares with times only"), hint)
    }

    /// A time as nanoseconds in text.
    fn time_condition(&self, join: Join, atoms: &[Atom<'_>], place: Place) -> Result<Condition, EngineError> {
        let mut all = Vec::new();
        for atom in atoms {
            all.push(match atom {
                Atom::Compare(comparison, value) => match self.literal(value).time() {
                    Some(time) => Condition::Compare(operator(*comparison), Literal::number(time.0)),
                    None => return Err(self.mistake(place, "a time compares with times only", "for instance `event.time>now-15m`")),
                },
                _ => return Err(self.mistake(place, "a time compares with times only", "for instance `event.time>now-15m`")),
            });
        }
        Ok(joined(join, all))
    }

    fn boolean(&self, held: &Held<'_>, atom: Atom<'_>, test: &FieldTest) -> Result<Expr, EngineError> {
        let asked = match atom {
            Atom::Compare(comparison @ (Comparison::Equal | Comparison::NotEqual), value) => {
                value.readings().boolean.map(|boolean| (operator(comparison), boolean))
            }
            _ => None,
        };
        let Some((operator, boolean)) = asked else {
            return Err(self.mistake(test.place, format!("`{}` is true or false", test.field), format!("write `{}:true`", test.field)));
        };
        Ok(binary_expr(held.value.clone(), operator, lit(boolean)))
    }

    fn id(&self, held: &Held<'_>, bytes: i32, atom: Atom<'_>, test: &FieldTest) -> Result<Expr, EngineError> {
        let digits = bytes * 2;
        match atom {
            Atom::Compare(comparison @ (Comparison::Equal | Comparison::NotEqual), value) => {
                let Some(asked) = id_bytes(value.text(), bytes) else {
                    let message = format!("`{}` is not an id of {digits} hex digits", value.text());
                    return Err(self.mistake(test.place, message, format!("an id that begins so is found with `{}:4bf9*`", test.field)));
                };
                Ok(binary_expr(held.value.clone(), operator(comparison), id(&asked)))
            }
            Atom::Compare(..) => Err(self.mistake(test.place, "ids have no order", format!("use `{}:` or `{}!=`", test.field, test.field))),
            Atom::Like(wildcard) => {
                let lower = lowercase(wildcard);
                let condition = self.condition(Join::All, &[Atom::Like(lower.as_ref().unwrap_or(wildcard))], test.place)?;
                Ok(ScalarUDF::from(ValueMatch::new(condition)).call(vec![hex_of(held.value.clone())]))
            }
            _ => {
                let condition = self.condition(Join::All, &[atom], test.place)?;
                Ok(ScalarUDF::from(ValueMatch::new(condition)).call(vec![hex_of(held.value.clone())]))
            }
        }
    }

    fn only_existence(&self, test: &FieldTest) -> EngineError {
        let hint = match (test.field.to_string().as_str(), self.table) {
            (c::EVENTS, Table::Spans) => "`has:events` finds spans with events, `event.name:retry` those with such an event".to_owned(),
            (field, _) => format!("`has:{field}` finds records that have some"),
        };
        self.mistake(test.place, format!("`{}` is a list and has no value to compare", test.field), hint)
    }

    fn condition(&self, join: Join, atoms: &[Atom<'_>], place: Place) -> Result<Condition, EngineError> {
        let compiled = |matcher: Result<Matcher, String>| {
            matcher.map_err(|message| self.mistake(place, message, "shorten its repetitions, for instance `name:/^pay-[a-z]+/`"))
        };
        let mut all = Vec::new();
        for atom in atoms {
            all.push(match atom {
                Atom::Exists => Condition::All(Vec::new()),
                Atom::Compare(comparison, value) => Condition::Compare(operator(*comparison), self.literal(value)),
                Atom::Like(wildcard) => Condition::Matches(compiled(Matcher::whole(wildcard))?),
                Atom::Matches(regex) => Condition::Matches(compiled(Matcher::regex(regex))?),
                Atom::MatchesNot(regex) => Condition::MatchesNot(compiled(Matcher::regex(regex))?),
            });
        }
        Ok(joined(join, all))
    }

    fn literal(&self, value: &Value) -> Literal {
        Literal::new(value, self.now)
    }
}

fn joined(join: Join, mut conditions: Vec<Condition>) -> Condition {
    match join {
        _ if conditions.len() == 1 => conditions.remove(0),
        Join::Any => Condition::Any(conditions),
        Join::All => Condition::All(conditions),
    }
}

/// Neighbouring attributes that count on every side are one value: the first that is there.
fn in_runs(holders: &[Holder]) -> Vec<(Side, Expr, Option<&'static Column>)> {
    let mut runs: Vec<(Side, Vec<Expr>, Option<&'static Column>)> = Vec::new();
    for holder in holders {
        match (&holder.place, runs.last_mut()) {
            (HolderPlace::Attribute { json, key }, Some((Side::Any, values, None))) if holder.side == Side::Any => {
                values.push(attribute(json.name, key));
            }
            (HolderPlace::Attribute { json, key }, _) => runs.push((holder.side, vec![attribute(json.name, key)], None)),
            (HolderPlace::Column(column), _) => runs.push((holder.side, vec![ident(column.name)], Some(column))),
        }
    }
    let one = |mut values: Vec<Expr>| match values.len() {
        1 => values.remove(0),
        _ => ScalarUDF::from(FirstText::new()).call(values),
    };
    runs.into_iter().map(|(side, values, column)| (side, one(values), column)).collect()
}

/// The text of an attribute of the column `json`.
pub(super) fn attribute(json: &str, key: &str) -> Expr {
    ScalarUDF::from(AttributeGetter::verbatim(Getter::Text)).call(vec![ident(json), lit(key)])
}

/// Which spans are on a side; `None` when all are.
fn on(side: Side) -> Option<Expr> {
    let kinds: Vec<Expr> = (0..=5).filter(|kind| side.includes(*kind)).map(lit).collect();
    (side != Side::Any).then(|| in_list(ident(c::KIND), kinds, false))
}

pub(super) fn timestamp(nanoseconds: i64) -> Expr {
    Expr::Literal(ScalarValue::TimestampNanosecond(Some(nanoseconds), Some("UTC".into())), None)
}

/// `LIKE` for a prefix, whatever characters it has.
pub(super) fn like_prefix(prefix: &str) -> String {
    let escaped = |c: char| if matches!(c, '%' | '_' | '\\') { vec!['\\', c] } else { vec![c] };
    prefix.chars().flat_map(escaped).chain(['%']).collect()
}

/// The id that hex digits write, or the trace id of a `traceparent`.
fn id_bytes(text: &str, bytes: i32) -> Option<Vec<u8>> {
    if let Some(trace_id) = search::as_trace_id(text).filter(|_| bytes == 16) {
        return Some(trace_id.as_bytes().to_vec());
    }
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let right = digits.len() == usize::try_from(bytes).ok()? * 2 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    right.then(|| (0..digits.len()).step_by(2).filter_map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok()).collect())
}

fn lowercase(wildcard: &Wildcard) -> Option<Wildcard> {
    Wildcard::new(wildcard.parts().iter().map(|part| match part {
        WildcardPart::Text(text) => WildcardPart::Text(text.to_ascii_lowercase()),
        other => other.clone(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_escaped() {
        let check = |prefix: &str, expected: &str| assert_eq!(like_prefix(prefix), expected);
        check("pay", "pay%");
        check("100%_\\", r"100\%\_\\%");
        check("库存", "库存%");
    }

    #[test]
    fn ids_are_hex() {
        let check = |text: &str, bytes, expected: Option<&[u8]>| assert_eq!(id_bytes(text, bytes).as_deref(), expected, "{text}");
        check("00f067AA0ba902b7", 8, Some(&[0, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]));
        check("0x00f067aa0ba902b7", 8, Some(&[0, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]));
        check("00f067aa0ba902b", 8, None);
        check("+0f067aa0ba902b7", 8, None);
        check("库存库存库存", 8, None);
    }
}
