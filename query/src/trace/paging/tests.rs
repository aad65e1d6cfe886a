use super::*;
use crate::trace::sample::{id, shape};

const TREE: &str = "
    a root server 0..100
      a one internal 1..9
        a deep internal 2..3
          a deeper internal 2..3
      a two internal 10..20
      a three internal 30..40
        a leaf internal 31..32
        a last internal 33..34";

/// Names in order, `+n` after one with n hidden spans; then what remains.
fn words(shape: &TraceShape, page: &Page) -> String {
    let mut words: Vec<String> = page.spans.iter().map(|index| shape.name(&shape.spans[*index as usize]).to_owned()).collect();
    for (position, count) in &page.hidden {
        words[*position as usize] += &format!("+{count}");
    }
    format!("{} | {}", words.join(" "), page.remaining)
}

/// The pages below `root` (a name), one after the other.
fn check(outline: &str, root: Option<&str>, spans_max: usize, expected: &[&str]) {
    let shape = shape(outline);
    let root = root.map(|name| shape.spans.iter().position(|span| shape.name(span) == name).expect("a span of this name"));
    let mut pages = Vec::new();
    let mut after = None;
    loop {
        let page = page(&shape, root, after, spans_max);
        assert!(page.spans.len() <= spans_max.max(2));
        pages.push(words(&shape, &page));
        assert_eq!(page.next.is_some(), page.remaining > 0);
        let Some(next) = page.next else { break };
        assert_eq!(next.to_string().parse(), Ok(next));
        after = Some(next);
    }
    assert_eq!(pages, expected);
}

#[test]
fn a_small_trace_is_one_page() {
    check(TREE, None, 8, &["root one deep deeper two three leaf last | 0"]);
    check(TREE, Some("three"), 8, &["three leaf last | 0"]);
    check(TREE, Some("two"), 2, &["two | 0"]);
    check("", None, 8, &[" | 0"]);
}

#[test]
fn upper_levels_come_first_and_say_what_they_hide() {
    check(TREE, None, 4, &["root one+2 two three+2 | 0"]);
    check(TREE, None, 5, &["root one deep+1 two three+2 | 0"]);
    check(TREE, None, 6, &["root one deep+1 two three+1 leaf | 0"]);
    check(TREE, None, 3, &["root+3 one+2 two | 0"]);
    check(TREE, Some("one"), 2, &["one deep+1 | 0"]);
    check(TREE, Some("deep"), 2, &["deep deeper | 0"]);
}

#[test]
fn more_children_than_a_page_holds_are_pages() {
    check(TREE, Some("root"), 3, &["root one+2 two | 3", "root three+1 leaf | 0"]);
    check(TREE, Some("root"), 2, &["root one+2 | 4", "root two | 3", "root three+2 | 0"]);
    let roots = "a one server 0..9\n  a deep internal 1..2\na two server 1..9\na three server 2..9";
    check(roots, None, 2, &["one+1 two | 1", "three | 0"]);
    check(roots, None, 0, &["one+1 two | 1", "three | 0"]);
}

#[test]
fn a_cursor_survives_spans_that_arrive_in_between() {
    let before = shape("a root server 0..100\n  a one internal 10..20\n  a two internal 30..40\n  a three internal 50..60");
    let cursor = page(&before, Some(0), None, 3).next;
    let after = shape(
        "a root server 0..100\n  a early internal 5..6\n  a one internal 10..20\n  a late internal 45..46\n  a three internal 50..60",
    );
    assert_eq!(words(&after, &page(&after, Some(0), cursor, 9)), "root late three | 0");
}

#[test]
fn namesakes_are_shown_once_each() {
    let mut namesakes = shape("a root server 0..9\n  a one internal 1..2\n  a two internal 1..2\n  a three internal 1..2");
    namesakes.spans[1..].iter_mut().for_each(|span| span.span_id = id(5));
    let mut after = None;
    for name in ["one", "two", "three"] {
        let page = page(&namesakes, Some(0), after, 2);
        assert_eq!(namesakes.name(&namesakes.spans[page.spans[1] as usize]), name);
        after = page.next;
    }
    assert_eq!(after, None);
}

#[test]
fn what_is_no_token_is_refused() {
    for text in
        ["", "0", "zz", "00000000000000000000000000000000", "000000000000000000000000000000001", "0000000000000000+00000000000000a1"]
    {
        assert_eq!(text.parse::<Cursor>(), Err(ParseCursorError), "{text}");
    }
    assert!("ffffffffffffffff00000000000000a11".parse::<Cursor>().is_ok());
}

#[test]
fn every_page_of_a_wide_trace_takes_its_share() {
    let rows: String = (1..=5_000).map(|number| format!("  a s internal {number}..{}\n", number + 1)).collect();
    let shape = shape(&format!("a root server 0..9000\n{rows}"));
    let mut seen = 0;
    let mut after = None;
    loop {
        let page = page(&shape, Some(0), after, 1_001);
        seen += page.spans.len() - 1;
        assert_eq!(page.remaining, 5_000 - seen);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, 5_000);
}
