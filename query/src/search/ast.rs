//! What a search asks for, as a tree.

use std::ops::Bound;

use super::{
    field::Field,
    pattern::{Pattern, Regex, Wildcard},
    place::Place,
    value::Value,
};

#[derive(Debug, Clone, PartialEq, Default)]
pub enum Search {
    /// The empty text, or `*`.
    #[default]
    Everything,
    /// The records (spans or logs) for which the expression holds; `trace.` fields speak about the record's trace.
    Records(Expr),
    /// The spans that stand in such a relation.
    Structure(Structure),
}

/// `{first} >> {second} > {third} AND traces`: finds the spans of the last braces.
#[derive(Debug, Clone, PartialEq)]
pub struct Structure {
    pub first: Expr,
    /// One or more.
    pub steps: Vec<Step>,
    /// Has `trace.` fields only; the braces have none.
    pub traces: Option<Expr>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub relation: Relation,
    pub spans: Expr,
}

/// What the spans on the right are to those on the left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// `>>`: children, their children, and so on.
    Descendant,
    /// `>`: direct children.
    Child,
}

/// A boolean expression.
///
/// INVARIANT: `Or` and `And` hold two or more and none of their own kind, `Not` holds no `Not`. [`Expr::or`], [`Expr::and`] and [`Expr::negated`] keep it so.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    Or(Vec<Expr>),
    And(Vec<Expr>),
    Not(Box<Expr>),
    Text(FreeText),
    Field(Box<FieldTest>),
}

/// Words without a field: in log bodies, exception messages and span names.
#[derive(Debug, Clone, PartialEq)]
pub struct FreeText {
    pub kind: FreeTextKind,
    pub place: Place,
}

#[derive(Debug, Clone, PartialEq)]
pub enum FreeTextKind {
    Word(String),
    /// `lock*`
    Wildcard(Wildcard),
    /// `"lock lost"`: these words, one after the other.
    Phrase(String),
    /// `/lock (lost|stolen)/`
    Regex(Regex),
}

/// What is asked of one field.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldTest {
    pub field: Field,
    pub predicate: Predicate,
    /// From the field to the end of its value.
    pub place: Place,
}

/// A record without the field fails every predicate; only [`Expr::Not`] finds it.
#[derive(Debug, Clone, PartialEq)]
pub enum Predicate {
    /// `field:*`, `has:field`
    Exists,
    /// `field:value`
    Is(Pattern),
    /// `field:(a OR b*)`, two or more.
    AnyOf(Vec<Pattern>),
    /// `field=value`, `field>value`
    Compare(Comparison, Value),
    /// `field:[1 TO 5]`, `field:{1 TO *]`; not unbounded on both sides.
    Between(Bound<Value>, Bound<Value>),
    /// `field:/regex/`, `field=~"regex"`
    Matches(Regex),
    /// `field!~"regex"`
    MatchesNot(Regex),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Expr {
    /// All of `parts`; `None` when there are none.
    pub fn and(parts: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Self::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        if flat.len() > 1 { Some(Self::And(flat)) } else { flat.pop() }
    }

    /// Any of `parts`; `None` when there are none.
    pub fn or(parts: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Self::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        if flat.len() > 1 { Some(Self::Or(flat)) } else { flat.pop() }
    }

    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    /// Calls `visit` with every word and field test, from left to right.
    pub fn for_each_term<'a>(&'a self, visit: &mut impl FnMut(Term<'a>)) {
        match self {
            Self::Or(parts) | Self::And(parts) => parts.iter().for_each(|part| part.for_each_term(visit)),
            Self::Not(inner) => inner.for_each_term(visit),
            Self::Text(text) => visit(Term::Text(text)),
            Self::Field(test) => visit(Term::Field(test)),
        }
    }
}

/// A leaf of an expression.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Term<'a> {
    Text(&'a FreeText),
    Field(&'a FieldTest),
}

impl Term<'_> {
    pub fn place(self) -> Place {
        match self {
            Self::Text(text) => text.place,
            Self::Field(test) => test.place,
        }
    }
}

impl Search {
    /// Every expression of the search, from left to right.
    pub fn expressions(&self) -> Vec<&Expr> {
        match self {
            Self::Everything => vec![],
            Self::Records(expr) => vec![expr],
            Self::Structure(structure) => {
                let steps = structure.steps.iter().map(|step| &step.spans);
                std::iter::once(&structure.first).chain(steps).chain(&structure.traces).collect()
            }
        }
    }
}

impl Relation {
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Descendant => ">>",
            Self::Child => ">",
        }
    }
}

impl Comparison {
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
        }
    }
}
