//! Real traces through every analysis: what must hold of each, checked by other means than the code under test uses.

use std::collections::{BTreeMap, BTreeSet};

use arrow::{
    array::{AsArray, UInt32Array},
    compute::{concat_batches, take_record_batch},
    record_batch::RecordBatch,
};
use query::trace::{Analysis, Columnar, Interval, PAGE_SPANS_MAX, SpanShape, TraceShape, Verdict, build, columnar, compare, page, skew};
use schemas::{
    Signal, SpanId, TraceId, UnixNanos, columns as c,
    otlp::{DecodeLimits, Format, decode},
};

const SPANS_MAX: usize = 100_000;
const PRODUCER: i32 = 4;
const CONSUMER: i32 = 5;

/// The traces of a capture, each as one batch with `columns` (all of them without).
pub(crate) fn traces(capture: &str, columns: Option<&[&str]>) -> Option<Vec<(TraceId, RecordBatch)>> {
    let mut batches = Vec::new();
    for body in testkit::captures::requests(capture)? {
        let decoded = decode(Signal::Traces, Format::Protobuf, &body, UnixNanos(1), &DecodeLimits::NONE).expect("a capture is valid");
        batches.extend(decoded.batches.into_iter().map(|batch| batch.batch));
    }
    let schema = batches[0].schema();
    let all = concat_batches(&schema, &batches).expect("one table");
    let mut rows: BTreeMap<TraceId, Vec<u32>> = BTreeMap::new();
    let ids = all.column_by_name(c::TRACE_ID).expect("spans have a trace id").as_fixed_size_binary();
    for (row, id) in (0..).zip(ids.iter()) {
        rows.entry(id.and_then(TraceId::from_slice).expect("a valid id")).or_default().push(row);
    }
    let kept: Vec<usize> = match columns {
        Some(names) => names.iter().map(|name| schema.index_of(name).expect("a column of the table")).collect(),
        None => (0..schema.fields().len()).collect(),
    };
    let all = all.project(&kept).expect("columns of the batch");
    Some(rows.into_iter().map(|(id, rows)| (id, take_record_batch(&all, &UInt32Array::from(rows)).expect("rows of the batch"))).collect())
}

/// What is counted over a whole capture.
#[derive(Debug, Default, PartialEq, Eq)]
struct Totals {
    traces: usize,
    spans: usize,
    moved: usize,
    segments: usize,
}

fn check_capture(capture: &str, expected: Totals) {
    let Some(traces) = traces(capture, Some(TraceShape::COLUMNS)) else { return };
    let mut totals = Totals::default();
    let mut before: Option<(TraceShape, Analysis)> = None;
    for (id, batch) in traces {
        let shape = TraceShape::read(id, &[batch], SPANS_MAX).expect("the columns that a shape needs");
        let analysis = Analysis::of(&shape);
        check_links(&shape);
        check_skew(&shape, &analysis);
        check_self_times(&shape, &analysis);
        check_critical_path(&shape, &analysis);
        check_operations(&shape, &analysis);
        check_columns(&shape);
        check_comparison((&shape, &analysis), before.as_ref().map(|(shape, analysis)| (shape, analysis)));
        totals.traces += 1;
        totals.spans += shape.spans().len();
        totals.moved += analysis.adjustments_ns.iter().filter(|by| **by != 0).count();
        totals.segments += analysis.critical_path.len();
        before = Some((shape, analysis));
    }
    assert_eq!(totals, expected);
}

fn check_links(shape: &TraceShape) {
    let spans = shape.spans();
    let below: usize = shape.children(None).map(|root| 1 + shape.descendants(root)).sum();
    assert_eq!(below, spans.len());
    for (index, span) in spans.iter().enumerate() {
        assert_eq!(span.parent().map_or(0, |parent| spans[parent].depth + 1), span.depth);
        assert!(span.parent().is_none_or(|parent| parent < index && index <= parent + shape.descendants(parent)));
        let children: Vec<usize> = shape.children(Some(index)).collect();
        let expected: Vec<usize> = (0..spans.len()).filter(|child| spans[*child].parent() == Some(index)).collect();
        assert_eq!(children, expected);
        assert!(children.is_sorted_by_key(|child| spans[*child].start_ns));
    }
}

/// A span that moved was outside its parent or moved with it; one that moved by itself and fits lies in its parent's middle.
fn check_skew(shape: &TraceShape, analysis: &Analysis) {
    assert_eq!(skew::intervals(shape, &analysis.adjustments_ns), analysis.intervals);
    for (index, span) in shape.spans().iter().enumerate() {
        let by = analysis.adjustments_ns[index];
        let Some(parent) = span.parent() else {
            assert_eq!(by, 0, "a root stays");
            continue;
        };
        let (outer, inner) = (analysis.intervals[parent], analysis.intervals[index]);
        if by == 0 || by == analysis.adjustments_ns[parent] {
            continue;
        }
        assert!(!outer.contains(Interval::of(span, 0)), "{span:?} was moved without need");
        let message = shape.spans()[parent].kind == PRODUCER || span.kind == CONSUMER;
        if inner.duration_ns() <= outer.duration_ns() && !message {
            assert!(outer.contains(inner));
            assert!((inner.from_ns - outer.from_ns - (outer.to_ns - inner.to_ns)).abs() <= 1, "{span:?} is not in the middle");
        } else {
            assert_eq!(inner.from_ns, outer.from_ns);
        }
    }
}

/// Cuts every span at the ends of its children, and asks of each piece whether a child ran.
fn check_self_times(shape: &TraceShape, analysis: &Analysis) {
    for (index, outer) in analysis.intervals.iter().enumerate() {
        let children: Vec<Interval> = shape.children(Some(index)).map(|child| analysis.intervals[child]).collect();
        let ends = children.iter().flat_map(|child| [child.from_ns, child.to_ns]).map(|at| at.clamp(outer.from_ns, outer.to_ns));
        let cuts: BTreeSet<i64> = ends.chain([outer.from_ns, outer.to_ns]).collect();
        let cuts: Vec<i64> = cuts.into_iter().collect();
        let alone = |piece: &&[i64]| !children.iter().any(|child| child.from_ns <= piece[0] && piece[1] <= child.to_ns);
        let expected: i64 = cuts.windows(2).filter(alone).map(|piece| piece[1] - piece[0]).sum();
        assert_eq!(analysis.self_ns[index], expected);
    }
}

/// The segments cover the root without gap, each within its span, and in none of them a child ends that was waited for.
fn check_critical_path(shape: &TraceShape, analysis: &Analysis) {
    let root = analysis.intervals[shape.root().expect("a trace has a root")];
    let mut at = root.from_ns;
    for segment in &analysis.critical_path {
        assert_eq!(segment.from_ns, at);
        assert!(segment.from_ns < segment.to_ns);
        at = segment.to_ns;
        let span = analysis.intervals[segment.span];
        assert!(span.contains(Interval { from_ns: segment.from_ns, to_ns: segment.to_ns }));
        for child in shape.children(Some(segment.span)) {
            let waited_for = shape.spans()[child].kind != CONSUMER;
            let within = analysis.intervals[child].clipped_to(span).filter(|child| child.duration_ns() > 0);
            let ends = within.map(|child| child.to_ns).filter(|_| waited_for);
            assert!(ends.is_none_or(|ends| !(segment.from_ns < ends && ends <= segment.to_ns)), "{segment:?} passes over {child}");
        }
    }
    assert_eq!(at, root.to_ns);
}

fn check_operations(shape: &TraceShape, analysis: &Analysis) {
    let operations = analysis.operations(shape);
    let spans = shape.spans();
    assert_eq!(operations.iter().map(|operation| operation.count).sum::<u64>(), spans.len() as u64);
    assert_eq!(operations.iter().map(|operation| operation.self_ns).sum::<i64>(), analysis.self_ns.iter().sum::<i64>());
    let on_path: i64 = analysis.critical_path.iter().map(|segment| segment.duration_ns()).sum();
    assert_eq!(operations.iter().map(|operation| operation.critical_path_ns).sum::<i64>(), on_path);
    assert!(operations.is_sorted_by_key(|operation| std::cmp::Reverse(operation.self_ns)));
    for operation in &operations {
        let of = |span: &&SpanShape| (shape.service_name(span), shape.name(span)) == (operation.service_name, operation.name);
        let mut durations: Vec<i64> = spans.iter().filter(of).map(|span| span.duration_ns.max(0)).collect();
        durations.sort_unstable();
        assert_eq!((durations.first(), durations.last()), (Some(&operation.min_ns), Some(&operation.max_ns)));
        assert_eq!(durations.iter().sum::<i64>(), operation.total_ns);
        assert_eq!(operation.error_count as usize, spans.iter().filter(of).filter(|span| span.is_error()).count());
        let not_above = |limit: i64| durations.iter().filter(|duration| **duration <= limit).count() as f64 / durations.len() as f64;
        assert!(not_above(operation.p50_ns) >= 0.5 && not_above(operation.p50_ns - 1) < 0.5);
        assert!(not_above(operation.p95_ns) >= 0.95 && not_above(operation.p95_ns - 1) < 0.95);
    }
}

/// Whole, the columns say what the shape says; in small pages, every span is shown by following what the pages hide.
fn check_columns(shape: &TraceShape) {
    let whole = page(shape, None, None, PAGE_SPANS_MAX);
    let answer = columnar(shape, &whole);
    let ids = ids(&answer);
    assert_eq!(ids, shape.spans().iter().map(|span| span.span_id).collect::<Vec<_>>());
    for (index, span) in shape.spans().iter().enumerate() {
        let columns = &answer.spans;
        let from_us = (span.start_ns - shape.start_ns()).div_euclid(1000);
        let to_us = (span.end_ns() - shape.start_ns()).div_euclid(1000);
        assert_eq!((columns.start_us[index], columns.duration_us[index]), (from_us, to_us - from_us));
        assert_eq!(usize::try_from(columns.parent[index]).ok(), span.parent());
        assert_eq!(answer.names[columns.name[index] as usize], shape.name(span));
        let service = usize::try_from(columns.service[index]).ok().map(|service| answer.services[service]);
        assert_eq!(service, shape.service_name(span));
        assert_eq!((columns.kind[index], columns.status_code[index]), (span.kind, span.status_code));
    }
    let mut seen = BTreeSet::new();
    follow(shape, None, &mut seen);
    assert_eq!(seen.len(), shape.spans().len());
}

fn follow(shape: &TraceShape, root: Option<usize>, seen: &mut BTreeSet<u32>) {
    let mut after = None;
    let mut left = root.map_or(shape.spans().len(), |root| 1 + shape.descendants(root));
    loop {
        let page = page(shape, root, after, 9);
        let hidden: u32 = page.hidden.iter().map(|(_, hidden)| hidden).sum();
        left -= page.spans.len() + hidden as usize;
        assert_eq!(left, page.remaining);
        seen.extend(&page.spans);
        page.hidden.iter().for_each(|(place, _)| follow(shape, Some(page.spans[*place as usize] as usize), seen));
        after = page.next;
        if after.is_none() {
            break;
        }
        left += usize::from(root.is_some());
    }
}

fn ids(answer: &Columnar<'_>) -> Vec<SpanId> {
    let id = |index| answer.spans.span_ids[index * 16..index * 16 + 16].parse().expect("16 hex digits");
    (0..answer.spans.span_ids.len() / 16).map(id).collect()
}

/// A trace is the same as itself, and what one direction adds the other removes.
fn check_comparison(this: (&TraceShape, &Analysis), other: Option<(&TraceShape, &Analysis)>) {
    let itself = compare(this, this);
    assert!(itself.paths.iter().all(|path| path.verdict == Verdict::Same && path.a == path.b && !path.status_differs));
    let Some(other) = other else { return };
    let (forth, back) = (compare(this, other), compare(other, this));
    assert_eq!((forth.a, forth.b), (back.b, back.a));
    let turned = |summary: query::trace::Summary| query::trace::Summary {
        added: summary.removed,
        removed: summary.added,
        slower: summary.faster,
        faster: summary.slower,
        added_spans: summary.removed_spans,
        removed_spans: summary.added_spans,
        newly_failing: summary.no_longer_failing,
        no_longer_failing: summary.newly_failing,
        ..summary
    };
    assert_eq!(forth.summary, turned(back.summary));
    let counts = forth.paths.iter().fold((0, 0), |(a, b), path| (a + path.a.count, b + path.b.count));
    assert_eq!(counts, (this.0.spans().len() as u64, other.0.spans().len() as u64));
}

#[test]
fn otel_demo() {
    check_capture("otel-demo/traces.otlp.zst", Totals { traces: 1_021, spans: 4_743, moved: 1_079, segments: 6_172 });
}

#[test]
fn train_ticket() {
    check_capture("train-ticket/traces.otlp.zst", Totals { traces: 2_475, spans: 178_156, moved: 37_400, segments: 347_522 });
}

#[test]
fn shape_and_view_show_the_same_tree() {
    let traces = traces(testkit::captures::otel_demo().name, None).expect("it was found");
    for (id, batch) in traces {
        let halves = [batch.slice(0, batch.num_rows() / 2), batch.slice(batch.num_rows() / 2, batch.num_rows().div_ceil(2))];
        let view = build(id, &halves, SPANS_MAX).expect("batches of the spans table");
        let shape = TraceShape::read(id, &halves, SPANS_MAX).expect("batches of the spans table");
        assert_eq!((view.start_time.0, view.duration_ns, view.span_count), (shape.start_ns(), shape.duration_ns(), shape.span_count()));
        assert_eq!(view.root.map(|root| root.span_id), shape.root().map(|root| shape.spans()[root].span_id));
        for (seen, span) in view.spans.iter().zip(shape.spans()) {
            assert_eq!((seen.span_id, seen.depth, seen.parent_missing), (span.span_id, span.depth, span.parent_missing()));
            assert_eq!((seen.name.as_str(), seen.service_name.as_deref()), (shape.name(span), shape.service_name(span)));
            assert_eq!((seen.start_time.0, seen.duration_ns), (span.start_ns, span.duration_ns));
            assert_eq!((!seen.events.is_empty(), !seen.links.is_empty()), (span.has_events(), span.has_links()));
        }
    }
}
