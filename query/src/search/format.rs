//! A tree back to text, in one canonical form that reads back as the same tree: `parse(&search.to_string()) == Ok(search)`.

use std::{
    fmt::{self, Display, Formatter, Write},
    ops::Bound,
};

use super::{
    ast::{Expr, FieldTest, FreeText, FreeTextKind, Predicate, Search, Structure},
    field::{self, Field, FieldName},
    pattern::Pattern,
    spell::{self, Context},
    value::Value,
};

impl Display for Search {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_char('*'),
            Self::Records(expr) => expr.fmt(f),
            Self::Structure(structure) => structure.fmt(f),
        }
    }
}

impl Display for Structure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}", self.first)?;
        for step in &self.steps {
            write!(f, " {} {{{}}}", step.relation.symbol(), step.spans)?;
        }
        match &self.traces {
            None => Ok(()),
            Some(or @ Expr::Or(_)) => write!(f, " AND ({or})"),
            Some(traces) => write!(f, " AND {traces}"),
        }
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Or(parts) => join(f, parts, " OR "),
            Self::And(parts) => join(f, parts, " AND "),
            Self::Not(inner) => match &**inner {
                group @ (Self::Or(_) | Self::And(_)) => write!(f, "-({group})"),
                term => write!(f, "-{term}"),
            },
            Self::Text(text) => text.fmt(f),
            Self::Field(test) => test.fmt(f),
        }
    }
}

fn join(f: &mut Formatter<'_>, parts: &[Expr], operator: &str) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_str(operator)?;
        }
        match part {
            Expr::Or(_) => write!(f, "({part})")?,
            _ => part.fmt(f)?,
        }
    }
    Ok(())
}

impl Display for FreeText {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&match &self.kind {
            FreeTextKind::Word(word) => spell::word(word),
            FreeTextKind::Wildcard(wildcard) => spell::wildcard(wildcard, Context::Word),
            FreeTextKind::Phrase(phrase) => spell::quoted(phrase),
            FreeTextKind::Regex(regex) => spell::slashed(regex),
        })
    }
}

impl Display for FieldTest {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let field = &self.field;
        match &self.predicate {
            Predicate::Exists => write!(f, "has:{field}"),
            Predicate::Is(pattern) => {
                let test = format!("{field}:");
                write!(f, "{test}{}", pattern_text(pattern, Context::Value(&test)))
            }
            Predicate::AnyOf(patterns) => {
                let members: Vec<String> = patterns.iter().map(|pattern| pattern_text(pattern, Context::Set)).collect();
                write!(f, "{field}:({})", members.join(" OR "))
            }
            Predicate::Compare(comparison, value) => {
                let test = format!("{field}{}", comparison.symbol());
                write!(f, "{test}{}", spell::value(value.text(), Context::Value(&test)))
            }
            Predicate::Between(from, to) => write_range(f, field, from, to),
            Predicate::Matches(regex) if spell::is_exact(regex) => write!(f, "{field}:{}", spell::slashed(regex)),
            Predicate::Matches(regex) => write!(f, "{field}=~{}", spell::quoted(regex.pattern())),
            Predicate::MatchesNot(regex) => write!(f, "{field}!~{}", spell::quoted(regex.pattern())),
        }
    }
}

fn pattern_text(pattern: &Pattern, context: Context<'_>) -> String {
    match pattern {
        Pattern::Value(value) => spell::value(value.text(), context),
        Pattern::Wildcard(wildcard) => spell::wildcard(wildcard, context),
    }
}

fn write_range(f: &mut Formatter<'_>, field: &Field, from: &Bound<Value>, to: &Bound<Value>) -> fmt::Result {
    let text = |bound: &Bound<Value>| match bound {
        Bound::Included(value) | Bound::Excluded(value) => spell::value(value.text(), Context::Range),
        Bound::Unbounded => "*".to_owned(),
    };
    let open = if matches!(from, Bound::Excluded(_)) { '{' } else { '[' };
    let close = if matches!(to, Bound::Excluded(_)) { '}' } else { ']' };
    write!(f, "{field}:{open}{} TO {}{close}", text(from), text(to))
}

impl Display for Field {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.name {
            FieldName::Trace(name) => write!(f, "trace.{}", name.name()),
            FieldName::Key { level, key } if key.is_quoted() => write!(f, "{}{}", field::prefix(*level), spell::quoted(key.text())),
            FieldName::Key { level, key } => write!(f, "{}{}", field::prefix(*level), key.text()),
        }
    }
}
