//! What must hold for any text at all. The fuzz target of `query/fuzz` runs this function, named like it.

use query::search::{self, Expr, Holder, HolderPlace, Search, SearchError, TEXT_BYTES_MAX, Target, Term};
use schemas::Table;

/// A text is a search that can be written down and read again, or an error that points at its mistake. A cursor can stand anywhere in it.
pub fn search(text: &[u8]) {
    let Ok(text) = str::from_utf8(text) else { return };
    match search::parse(text) {
        Ok(search) => check_search(text, &search),
        Err(error) => check_error(text, &error),
    }
    check_completion(text);
}

fn check_search(text: &str, search: &Search) {
    let canonical = search.to_string();
    // Operators that were left out are written down, so a text at the limit may have a longer form.
    if canonical.len() <= TEXT_BYTES_MAX {
        match search::parse(&canonical) {
            Ok(again) => assert_eq!((&again, again.to_string()), (search, canonical), "{text}"),
            Err(error) => panic!("{text}\nis written as\n{canonical}\nwhich is refused\n{}", error.render(&canonical)),
        }
    }
    for expr in search.expressions() {
        check_terms(text, expr);
    }
    if let Some(advice) = search::advise(search) {
        check_error(text, &advice);
    }
}

fn check_terms(text: &str, expr: &Expr) {
    expr.for_each_term(&mut |term| {
        let words = text.get(term.place().range()).expect("a place lies in the text");
        assert!(!words.trim().is_empty(), "{text}");
        let Term::Field(test) = term else { return };
        assert!(words.starts_with(&text[test.field.place.range()]) || words.starts_with("has:"), "{text}");
        for table in Table::SENT {
            match search::resolve(&test.field, table) {
                Target::Held(holders) => assert!(holders.iter().any(is_attribute), "{text} in {table}"),
                Target::Column(column) => assert!(table.columns().any(|known| known.name == column.name), "{text} in {table}"),
                Target::Event(_) => assert_eq!(table, Table::Spans, "{text}"),
                Target::Trace(_) => {}
            }
        }
    });
}

fn is_attribute(holder: &Holder) -> bool {
    matches!(holder.place, HolderPlace::Attribute { .. })
}

fn check_error(text: &str, error: &SearchError) {
    assert!(text.get(error.range.clone()).is_some(), "{error:?} in {text}");
    let rendered = error.render(text);
    assert!(rendered.contains('^') && rendered.len() < 4096, "{rendered}");
    let hint = error.hint();
    let mut examples = hint.split('`').skip(1).step_by(2).peekable();
    assert!(examples.peek().is_some(), "{hint}");
    // What is quoted from the text may have backquotes itself.
    if !text.contains('`') {
        for example in examples {
            assert!(search::parse(example).is_ok(), "{rendered}\nproposes {example}");
        }
    }
}

fn check_completion(text: &str) {
    // Some cursors only, since each reads all that is before it.
    let step = text.len() / 16 + 1;
    for cursor in (0..=text.len()).step_by(step) {
        let replace = search::complete(text, cursor).replace;
        let typed = text.get(replace.start..replace.end);
        assert!(typed.is_some() && replace.start <= cursor, "{replace:?} at {cursor} of {text}");
        assert!(text.floor_char_boundary(cursor) <= replace.end, "{replace:?} at {cursor} of {text}");
    }
}
