//! Searches that can be read, but were probably meant otherwise.

use super::{
    ast::{Expr, FreeText, FreeTextKind, Search},
    error::SearchError,
    mistake::Mistake,
};

/// `lock or timeout` looks for three words. That is what it says, so it is no error; an answer can carry this along as a warning.
pub fn advise(search: &Search) -> Option<SearchError> {
    search.expressions().into_iter().find_map(lower_case)
}

fn lower_case(expr: &Expr) -> Option<SearchError> {
    match expr {
        Expr::Or(parts) => parts.iter().find_map(lower_case),
        Expr::And(parts) => parts.iter().find_map(|part| keyword(part).or_else(|| lower_case(part))),
        Expr::Not(inner) => lower_case(inner),
        Expr::Text(_) | Expr::Field(_) => None,
    }
}

fn keyword(expr: &Expr) -> Option<SearchError> {
    let Expr::Text(FreeText { kind: FreeTextKind::Word(word), place }) = expr else { return None };
    let word = ["and", "or", "not"].into_iter().find(|keyword| keyword == word)?;
    Some(SearchError::new(Mistake::LowerCase { word }, place.range()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::parse;

    #[test]
    fn words_that_look_like_operators() {
        let check = |text: &str, expected: Option<std::ops::Range<usize>>| {
            let search = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(advise(&search).map(|advice| advice.range), expected, "{text}");
        };
        check("lock or timeout", Some(5..7));
        check("service:pay AND (lock and timeout OR x)", Some(22..25));
        check("{not lost} >> {service:pay}", Some(1..4));
        check("lock OR timeout", None);
        check("or", None);
        check("\"or\" lock", None);
        check("*", None);
    }
}
