//! What a trace request means: its spans, each with its resource and scope, whatever the order and grouping.

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::KeyValue,
    trace::v1::{Span, Status},
};

/// A span with everything it came under.
#[derive(Debug, Clone)]
pub(crate) struct Whole {
    pub(crate) span: Span,
    /// Every field and value of the resource, the scope and the span, events and links in their order. Attributes are in the order
    /// of their keys, and what says nothing is absent, because OTLP gives neither a meaning.
    text: String,
}

pub(crate) fn spans(request: ExportTraceServiceRequest) -> Vec<Whole> {
    let mut spans = Vec::new();
    for of_resource in request.resource_spans {
        let mut resource = of_resource.resource.unwrap_or_default();
        sort(&mut resource.attributes);
        for of_scope in of_resource.scope_spans {
            let mut scope = of_scope.scope.unwrap_or_default();
            sort(&mut scope.attributes);
            for span in of_scope.spans {
                let normal = normal(span.clone());
                let text = format!("{resource:?} {:?} {scope:?} {:?} {normal:?}", of_resource.schema_url, of_scope.schema_url);
                spans.push(Whole { span, text });
            }
        }
    }
    spans
}

fn normal(mut span: Span) -> Span {
    sort(&mut span.attributes);
    span.events.iter_mut().for_each(|event| sort(&mut event.attributes));
    span.links.iter_mut().for_each(|link| sort(&mut link.attributes));
    span.status = span.status.filter(|status| *status != Status::default());
    span
}

fn sort(attributes: &mut [KeyValue]) {
    attributes.sort_by(|a, b| a.key.cmp(&b.key));
}

/// Both hold the same spans, each as often as the other.
pub(crate) fn assert_same(got: &[Whole], sent: &[Whole], what: &str) {
    let texts = |spans: &[Whole]| {
        let mut texts: Vec<String> = spans.iter().map(|span| span.text.clone()).collect();
        texts.sort();
        texts
    };
    let (got, sent) = (texts(got), texts(sent));
    let missing = sent.iter().find(|span| !got.contains(span));
    let extra = got.iter().find(|span| !sent.contains(span));
    assert!(got == sent, "{what}: {} spans of {}\nsent, not shown: {missing:#?}\nshown, not sent: {extra:#?}", got.len(), sent.len());
}
