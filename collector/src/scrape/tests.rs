//! Pages as real libraries write them, and what becomes of them from one scrape to the next.

use std::time::Duration;

use opentelemetry_proto::tonic::{
    common::v1::{KeyValue, any_value::Value},
    metrics::v1::{MetricsData, metric::Data, number_data_point},
};
use prost::Message;
use schemas::interop::exposition::Syntax;

use super::{
    fetch::{FetchError, Page},
    page::{Before, Request, request},
    *,
};

/// The page of `examples/services/storefront` (client_golang 1.24, Sentinel Go), as it was served.
const STOREFRONT: &str = include_str!("../../tests/fixtures/storefront-metrics.txt");
const T0_MS: i64 = 1_790_000_000_000;

struct Rig {
    target: Target,
    before: Before,
    time_ms: i64,
}

/// A point in one line: `metric{attributes} value`, of the resource apart.
type Points = Vec<String>;

impl Rig {
    fn with(change: impl FnOnce(&mut ScrapeConfig)) -> Self {
        let mut config = ScrapeConfig::new("shop/pay", vec!["10.0.0.1:8080".to_owned()]);
        change(&mut config);
        config.check().expect("it works");
        let target = targets(&[config]).expect("they work").remove(0);
        Self { target, before: Before::default(), time_ms: T0_MS }
    }

    fn fetched(&mut self, page: Result<Page, FetchError>) -> (Request, MetricsData) {
        self.time_ms += 15_000;
        let mut request = request(&self.target, page, &self.before, self.time_ms, Duration::from_millis(250));
        self.before = std::mem::take(&mut request.now);
        let data = MetricsData::decode(request.body.as_slice()).expect("OTLP");
        (request, data)
    }

    fn page(&mut self, syntax: Syntax, text: &str) -> (Request, MetricsData) {
        self.fetched(Ok(Page { syntax, body: text.as_bytes().to_vec() }))
    }

    /// All points but those of the scraper.
    fn points(&mut self, syntax: Syntax, text: &str) -> Points {
        let (request, data) = self.page(syntax, text);
        assert_eq!(request.error, None, "{text}");
        points(&data).into_iter().filter(|point| !point.starts_with("scrape_") && !point.starts_with("up{")).collect()
    }
}

fn attributes(attributes: &[KeyValue]) -> String {
    let value = |pair: &KeyValue| match pair.value.as_ref().and_then(|any| any.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        other => panic!("{other:?} is no text"),
    };
    attributes.iter().map(|pair| format!("{}={}", pair.key, value(pair))).collect::<Vec<_>>().join(",")
}

fn points(data: &MetricsData) -> Points {
    let mut points = Points::new();
    let metrics = data.resource_metrics.iter().flat_map(|group| &group.scope_metrics).flat_map(|scope| &scope.metrics);
    for metric in metrics {
        let name = &metric.name;
        let gone = |flags: u32| if flags == 1 { " gone" } else { "" };
        match metric.data.as_ref().expect("data") {
            Data::Gauge(_) | Data::Sum(_) => {
                let (kind, list) = match metric.data.as_ref() {
                    Some(Data::Sum(sum)) => {
                        assert_eq!((sum.aggregation_temporality, sum.is_monotonic), (2, true), "{name}");
                        (" sum", &sum.data_points)
                    }
                    Some(Data::Gauge(gauge)) => ("", &gauge.data_points),
                    _ => unreachable!("matched above"),
                };
                for point in list {
                    let value = match point.value {
                        Some(number_data_point::Value::AsDouble(value)) => format!(" {value}"),
                        _ => String::new(),
                    };
                    let start =
                        if point.start_time_unix_nano > 0 { format!(" since {}", point.start_time_unix_nano) } else { String::new() };
                    let exemplars: String =
                        point.exemplars.iter().map(|one| format!(" ex {} {}", one.trace_id.len(), one.time_unix_nano)).collect();
                    points.push(format!("{name}{{{}}}{value}{kind}{}{start}{exemplars}", attributes(&point.attributes), gone(point.flags)));
                }
            }
            Data::Histogram(histogram) => points.extend(histogram.data_points.iter().map(|point| {
                let (labels, gone, exemplars) = (attributes(&point.attributes), gone(point.flags), point.exemplars.len());
                format!(
                    "{name}{{{labels}}} {} {:?} {:?} {:?} ex {exemplars}{gone}",
                    point.count, point.sum, point.explicit_bounds, point.bucket_counts
                )
            })),
            Data::Summary(summary) => points.extend(summary.data_points.iter().map(|point| {
                let quantiles: Vec<_> = point.quantile_values.iter().map(|one| (one.quantile, one.value)).collect();
                format!("{name}{{{}}} {} {} {quantiles:?}{}", attributes(&point.attributes), point.count, point.sum, gone(point.flags))
            })),
            other => panic!("{other:?}"),
        }
    }
    points.sort();
    points
}

#[test]
fn a_real_page() {
    let mut rig = Rig::with(|_| ());
    let (request, data) = rig.page(Syntax::Prometheus, STOREFRONT);
    assert_eq!((request.error.as_deref(), request.rejected.count), (None, 0));
    let points = points(&data);
    let has = |start: &str| points.iter().filter(|point| point.starts_with(start)).count();
    assert_eq!(has("go_gc_duration_seconds{}"), 1, "one summary: {points:#?}");
    assert_eq!(
        has("sentinel_go_handled_total{app=unknown_go_service,host=vm,pid=32585,resource=stock,result=pass} 10 sum"),
        1,
        "{points:#?}"
    );
    assert_eq!((has("up{} 1"), has("scrape_duration_seconds{} 0.25")), (1, 1));
    let samples = STOREFRONT.lines().filter(|line| !line.starts_with('#')).count();
    assert_eq!(has(&format!("scrape_samples_scraped{{}} {samples}")), 1, "{points:#?}");
    assert_eq!(has(&format!("scrape_series_added{{}} {samples}")), 1);
    let resource = data.resource_metrics[0].resource.as_ref().expect("a resource");
    assert_eq!(
        (data.resource_metrics.len(), attributes(&resource.attributes).as_str()),
        (
            1,
            "service.namespace=shop,service.name=pay,service.instance.id=10.0.0.1:8080,server.address=10.0.0.1,server.port=8080,url.scheme=http"
        )
    );
    let help = data.resource_metrics[0].scope_metrics[0].metrics.iter().find(|metric| metric.name == "go_goroutines").expect("there");
    assert!(help.description.starts_with("Number of goroutines"), "{help:?}");
}

#[test]
fn histograms_and_summaries_are_one_point() {
    let mut rig = Rig::with(|_| ());
    let text = "# TYPE t histogram\nt_bucket{a=\"b\",le=\"0.1\"} 1\nt_bucket{a=\"b\",le=\"1\"} 4\nt_bucket{a=\"b\",le=\"+Inf\"} 5\nt_sum{a=\"b\"} 7.5\nt_count{a=\"b\"} 5\n\
        # TYPE s summary\ns{quantile=\"0.9\"} 2\ns{quantile=\"0.5\"} 1\ns_sum 9\ns_count 4\n# TYPE e histogram\ne_sum 0\ne_count 0\n# TYPE bad histogram\nbad_bucket{le=\"1\"} 5\nbad_bucket{le=\"+Inf\"} 3\n";
    let (request, data) = rig.page(Syntax::Prometheus, text);
    assert_eq!(request.rejected.message(), "1 rejected: buckets of a histogram that do not count up to its count (1)");
    let points: Points = points(&data).into_iter().filter(|point| !point.starts_with("scrape_") && !point.starts_with("up{")).collect();
    assert_eq!(points, ["e{} 0 Some(0.0) [] [0] ex 0", "s{} 4 9 [(0.5, 1.0), (0.9, 2.0)]", "t{a=b} 5 Some(7.5) [0.1, 1.0] [1, 3, 1] ex 0"]);
}

#[test]
fn openmetrics_has_exemplars_and_start_times() {
    let mut rig = Rig::with(|_| ());
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let text = format!(
        "# TYPE c counter\n# UNIT c seconds\nc_total{{a=\"b\"}} 3 # {{trace_id=\"{trace}\"}} 1 1790000001.5\nc_created{{a=\"b\"}} 1789999000.25\n\
         # TYPE h histogram\nh_bucket{{le=\"1\"}} 1 # {{x=\"y\"}} 0.5\nh_bucket{{le=\"+Inf\"}} 2 # {{x=\"y\"}} 5\nh_count 2\nh_sum 5.5\n# TYPE i info\ni_info{{v=\"1\"}} 1\n# EOF\n"
    );
    assert_eq!(
        rig.points(Syntax::OpenMetrics, &text),
        ["c_total{a=b} 3 sum since 1789999000250000000 ex 16 1790000001500000000", "h{} 2 Some(5.5) [1.0] [1, 1] ex 2", "i_info{v=1} 1",]
    );
}

#[test]
fn what_is_gone_is_marked_once() {
    let mut rig = Rig::with(|_| ());
    let both = "# TYPE a gauge\na{x=\"1\"} 1\na{x=\"2\"} 2\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\nown 1 1790000000000\n";
    assert_eq!(rig.points(Syntax::Prometheus, both).len(), 4);
    let one = "# TYPE a gauge\na{x=\"2\"} 2\n";
    assert_eq!(rig.points(Syntax::Prometheus, one), ["a{x=1} gone", "a{x=2} 2", "h{} 0 None [] [] ex 0 gone"]);
    assert_eq!(rig.points(Syntax::Prometheus, one), ["a{x=2} 2"]);
    let (request, data) = rig.fetched(Err(FetchError::Timeout { limit_ms: 10 }));
    assert_eq!(request.error.as_deref(), Some("no answer within 10 ms"));
    let down = points(&data);
    assert!(
        down.contains(&"a{x=2} gone".to_owned())
            && down.contains(&"up{} 0".to_owned())
            && down.contains(&"scrape_samples_scraped{} 0".to_owned()),
        "{down:?}"
    );
    assert_eq!(rig.points(Syntax::Prometheus, one), ["a{x=2} 2"], "it is back");
}

#[test]
fn pages_that_cannot_be_read_are_down() {
    let mut rig = Rig::with(|config| config.sample_limit = 2);
    let mut check = |page: Result<Page, FetchError>, expected: &str| {
        let (request, data) = rig.fetched(page);
        assert_eq!(request.error.as_deref(), Some(expected));
        assert!(points(&data).contains(&"up{} 0".to_owned()));
    };
    let page = |body: &[u8]| Ok(Page { syntax: Syntax::Prometheus, body: body.to_vec() });
    check(page(b"a 1\nb"), "line 2: a name without a value");
    check(page(b"a \xff"), "the page is not UTF-8");
    check(page(b"a 1\nb 1\nc 1\n"), "more than 2 samples");
}

#[test]
fn labels_of_page_and_target() {
    let text = "a{job=\"mine\",zone=\"z\"} 1\n";
    let labels = |config: &mut ScrapeConfig| drop(config.labels.insert("zone".to_owned(), "t".to_owned()));
    let mut rig = Rig::with(labels);
    assert_eq!(rig.points(Syntax::Prometheus, text), ["a{exported_job=mine,exported_zone=z,zone=t} 1"]);
    let mut rig = Rig::with(|config| {
        labels(config);
        config.honor_labels = true;
    });
    let (_, data) = rig.page(Syntax::Prometheus, text);
    let jobs: Vec<_> =
        data.resource_metrics.iter().map(|group| attributes(&group.resource.as_ref().expect("a resource").attributes)).collect();
    assert_eq!((jobs[0].as_str(), jobs.len()), ("service.name=mine,service.instance.id=10.0.0.1:8080", 2));
    assert!(points(&data).contains(&"a{zone=z} 1".to_owned()));
}

#[test]
fn target_info_is_the_resource() {
    let mut rig = Rig::with(|_| ());
    let (_, data) = rig.page(Syntax::Prometheus, "# TYPE target_info gauge\ntarget_info{k8s_pod_name=\"p\",service_version=\"7\"} 1\n");
    let resource = attributes(&data.resource_metrics[0].resource.as_ref().expect("a resource").attributes);
    assert!(resource.contains("k8s_pod_name=p,service_version=7"), "{resource}");
}

#[test]
fn series_are_relabelled() {
    let rule = |json: &str| serde_json::from_str(json).expect("a rule");
    let mut rig = Rig::with(|config| {
        config.metric_relabel_configs = vec![
            rule(r#"{"source_labels":["__name__"],"regex":"go_.*","action":"drop"}"#),
            rule(r#"{"source_labels":["__name__"],"regex":"old_(.*)","target_label":"__name__","replacement":"new_$1"}"#),
            rule(r#"{"regex":"pod","action":"labeldrop"}"#),
        ];
    });
    let text = "# TYPE old_t histogram\nold_t_bucket{le=\"+Inf\",pod=\"x\"} 1\nold_t_sum{pod=\"x\"} 2\nold_t_count{pod=\"x\"} 1\ngo_x 1\n";
    assert_eq!(rig.points(Syntax::Prometheus, text), ["new_t{} 1 Some(2.0) [] [1] ex 0"]);
    let (_, data) = rig.page(Syntax::Prometheus, text);
    let all = points(&data);
    assert!(
        all.contains(&"scrape_samples_scraped{} 4".to_owned()) && all.contains(&"scrape_samples_post_metric_relabeling{} 3".to_owned()),
        "{all:?}"
    );
}

#[test]
fn times_of_the_page_count_when_they_may() {
    for (honor, expected) in [(true, 1_700_000_000_123_000_000), (false, (T0_MS + 15_000) as u64 * 1_000_000)] {
        let mut rig = Rig::with(|config| config.honor_timestamps = honor);
        let (_, data) = rig.page(Syntax::Prometheus, "a 1 1700000000123\n");
        let metrics = &data.resource_metrics[0].scope_metrics[0].metrics;
        let Some(Data::Gauge(gauge)) = &metrics.iter().find(|metric| metric.name == "a").expect("there").data else { panic!("a gauge") };
        assert_eq!(gauge.data_points[0].time_unix_nano, expected);
    }
}
