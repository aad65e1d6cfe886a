//! What people ask of attributes, as far as an index can tell.

use schemas::Table;

use super::{build::COLUMNS, pair};
use crate::text::{Needs, Token};

/// A condition that every row must meet that a question wants. It may be weaker than the question: what is left out rules nothing out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributeQuery {
    /// The attribute `key` in this column of JSON has this value: the text, in whatever case, or when it reads as a number that number.
    Is { column: String, key: String, value: String },
    /// Every one; an empty list is always true.
    All(Vec<Self>),
    /// At least one; an empty list is never true.
    Any(Vec<Self>),
}

impl AttributeQuery {
    /// What a page must have; `None` when no index of `table` can tell.
    pub(super) fn needs(&self, table: Table) -> Option<Needs> {
        match self {
            Self::Is { column, key, value } => {
                let indexed = COLUMNS.iter().find(|known| *known == column)?;
                let field_id = table.columns().find(|known| known.name == *indexed)?.id;
                let hash = pair::hash(pair::seed(field_id, key), value);
                Some(Needs { words: vec![Token { text: String::new(), hash }], ..Needs::default() })
            }
            Self::All(all) => {
                let mut needs = Needs::default();
                for one in all.iter().filter_map(|query| query.needs(table)) {
                    needs.words.extend(one.words);
                    needs.choices.extend(one.choices);
                }
                (!needs.is_nothing()).then_some(needs)
            }
            Self::Any(any) => {
                let choices = any.iter().map(|query| query.needs(table)).collect::<Option<Vec<Needs>>>()?;
                Some(Needs { choices: vec![choices], ..Needs::default() })
            }
        }
    }
}
