use super::*;
use crate::trace::sample::shape;

const MS: i64 = 1_000_000;

/// `outline` with times in milliseconds.
fn in_ms(outline: &str) -> TraceShape {
    let mut shape = shape(outline);
    for span in &mut shape.spans {
        span.start_ns *= MS;
        span.duration_ns *= MS;
    }
    shape
}

/// One line per path: dots for the depth, service, name, verdict, `!` when the status differs, count and total (ms) of both sides.
fn check(a: &str, b: &str, expected: &[&str]) {
    let (a, b) = (in_ms(a), in_ms(b));
    let (of_a, of_b) = (Analysis::of(&a), Analysis::of(&b));
    let comparison = compare((&a, &of_a), (&b, &of_b));
    let lines: Vec<String> = comparison
        .paths
        .iter()
        .map(|path| {
            let dots = ".".repeat(path.depth as usize);
            let mark = if path.status_differs { "!" } else { "" };
            let side = |side: &Side| format!("{}x {}", side.count, side.total_ns / MS);
            let service = path.service_name.unwrap_or("-");
            format!("{dots}{service} {} {:?}{mark} {} > {}", path.name, path.verdict, side(&path.a), side(&path.b))
        })
        .collect();
    assert_eq!(lines, expected);
    check_sums(&comparison, &a, &b);
}

fn check_sums(comparison: &Comparison<'_>, a: &TraceShape, b: &TraceShape) {
    let summary = &comparison.summary;
    assert_eq!(summary.added + summary.removed + summary.slower + summary.faster + summary.same, summary.path_count);
    let spans = |side: fn(&PathDifference<'_>) -> Side| comparison.paths.iter().map(|path| side(path).count).sum::<u64>();
    assert_eq!((spans(|path| path.a), spans(|path| path.b)), (a.spans.len() as u64, b.spans.len() as u64));
    for (place, path) in (0..).zip(&comparison.paths) {
        let parent = path.parent.map(|parent| &comparison.paths[parent as usize]);
        assert_eq!(parent.map_or(0, |parent| parent.depth + 1), path.depth);
        assert!(path.parent.is_none_or(|parent| parent < place));
    }
}

#[test]
fn a_trace_is_the_same_as_itself() {
    let outline = "web get server 0..100\n  db select client 10..20\n  db select client 30..40";
    check(outline, outline, &["web get Same 1x 100 > 1x 100", ".db select Same 2x 20 > 2x 20"]);
}

#[test]
fn paths_come_and_go() {
    check(
        "web get server 0..100\n  db select client 10..20\n    db parse internal 10..11",
        "web get server 0..100\n  cache get client 10..20\n  db select client 30..40",
        &[
            "web get Same 1x 100 > 1x 100",
            ".db select Same 1x 10 > 1x 10",
            "..db parse Removed 1x 1 > 0x 0",
            ".cache get Added 0x 0 > 1x 10",
        ],
    );
    check("web get server 0..9", "", &["web get Removed 1x 9 > 0x 0"]);
    check("", "web get server 0..9", &["web get Added 0x 0 > 1x 9"]);
    check("", "", &[]);
    let kinds = &["web get Removed 1x 9 > 0x 0", "web get Added 0x 0 > 1x 9"];
    check("web get server 0..9", "web get client 0..9", kinds);
}

#[test]
fn the_same_operation_elsewhere_is_another_path() {
    check(
        "web get server 0..100\n  db select client 10..20",
        "web get server 0..100\n  pay charge client 5..30\n    db select client 10..20",
        &[
            "web get Same 1x 100 > 1x 100",
            ".db select Removed 1x 10 > 0x 0",
            ".pay charge Added 0x 0 > 1x 25",
            "..db select Added 0x 0 > 1x 10",
        ],
    );
}

#[test]
fn slower_and_faster_need_a_tenth() {
    for (before, after, verdict) in [(100, 109, "Same"), (100, 120, "Slower"), (120, 100, "Faster"), (100, 91, "Same")] {
        let outline = |duration: i64| format!("web get server 0..{duration}");
        check(&outline(before), &outline(after), &[&format!("web get {verdict} 1x {before} > 1x {after}")]);
    }
    let often = "web get server 0..100\n  db select client 0..10\n  db select client 10..20\n  db select client 20..30";
    let once = "web get server 0..100\n  db select client 0..10";
    check(once, often, &["web get Same 1x 100 > 1x 100", ".db select Slower 1x 10 > 3x 30"]);
}

#[test]
fn a_difference_in_status_is_told() {
    let fine = "web get server 0..100\n  db select client 10..20";
    let failed = "web get server 0..100 error\n  db select client 10..20 error";
    let (a, b) = (in_ms(fine), in_ms(failed));
    let (of_a, of_b) = (Analysis::of(&a), Analysis::of(&b));
    let forth = compare((&a, &of_a), (&b, &of_b));
    assert_eq!((forth.summary.newly_failing, forth.summary.no_longer_failing), (2, 0));
    assert_eq!((forth.a.error_count, forth.b.error_count), (0, 2));
    let back = compare((&b, &of_b), (&a, &of_a));
    assert_eq!((back.summary.newly_failing, back.summary.no_longer_failing), (0, 2));
    check(fine, failed, &["web get Same! 1x 100 > 1x 100", ".db select Same! 1x 10 > 1x 10"]);
    check(failed, failed, &["web get Same 1x 100 > 1x 100", ".db select Same 1x 10 > 1x 10"]);
}

#[test]
fn a_list_too_long_is_cut_and_counted_in_full() {
    let rows: String = (0..PATHS_MAX + 5).map(|number| format!("  a s{number} internal 1..2\n")).collect();
    let many = in_ms(&format!("a root server 0..9\n{rows}"));
    let analysis = Analysis::of(&many);
    let comparison = compare((&many, &analysis), (&many, &analysis));
    assert!(comparison.truncated);
    assert_eq!((comparison.paths.len(), comparison.summary.same), (PATHS_MAX, PATHS_MAX + 6));
}
