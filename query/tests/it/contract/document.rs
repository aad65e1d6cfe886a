//! The document is complete, and the one that is checked in.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::{Method, StatusCode};
use http_body_util::BodyExt;
use regex::Regex;
use serde_json::Value;

use super::{checked_in, sample::request};
use crate::loaded::Loaded;

/// The document as the server sends it.
pub(super) async fn document(loaded: &Loaded) -> (String, Value) {
    let (status, body) = loaded.get("/api/openapi.json").await;
    assert_eq!(status, StatusCode::OK);
    let text = String::from_utf8(body.to_vec()).expect("text");
    let value = serde_json::from_str(&text).expect("JSON");
    (text, value)
}

/// Method and path of everything the document describes.
pub(super) fn operations(document: &Value) -> Vec<(Method, String)> {
    let paths = document["paths"].as_object().expect("paths");
    let of = |(path, item): (&String, &Value)| -> Vec<(Method, String)> {
        let methods = item.as_object().expect("operations").keys();
        methods.map(|method| (method.to_uppercase().parse().expect("a method"), path.clone())).collect()
    };
    paths.iter().flat_map(of).collect()
}

#[tokio::test]
async fn the_document_is_checked_in() {
    let (text, _) = document(&Loaded::empty()).await;
    checked_in::check("openapi.json", &text);
}

#[tokio::test]
async fn every_route_is_described_and_every_description_is_a_route() {
    let loaded = Loaded::empty();
    let (_, document) = document(&loaded).await;
    let described: BTreeSet<String> = operations(&document).into_iter().map(|(_, path)| path).collect();
    // A router does not list its routes, but it prints them.
    let printed = format!("{:?}", loaded.router);
    let quoted = Regex::new(r#"RouteId\(\d+\): "([^"]+)""#).expect("a pattern");
    // `/` is where the fallback is kept: pages, which are no part of the API. Below `/jaeger` and `/zipkin` are the APIs of others, which
    // they describe.
    let is_foreign = |path: &str| ["/jaeger/", "/zipkin/"].iter().any(|prefix| path.starts_with(prefix));
    let is_route = |path: &String| !path.contains("__private") && path != "/" && !is_foreign(path);
    let served: BTreeSet<String> = quoted.captures_iter(&printed).map(|found| found[1].to_owned()).filter(is_route).collect();
    assert!(served.contains("/api/v1/status"), "axum prints its routes otherwise now: {printed}");
    assert_eq!(served, described, "routes are added with OpenApiRouter::routes and described by #[utoipa::path]");
    for (method, path) in operations(&document) {
        let response = loaded.begin(request(&method, &path.replace(['{', '}'], ""), "{}")).await;
        let (status, is_endless) =
            (response.status(), response.headers().get("content-type").is_some_and(|kind| kind == "text/event-stream"));
        let body = if is_endless { Bytes::new() } else { response.into_body().collect().await.expect("a body").to_bytes() };
        let text = String::from_utf8_lossy(&body);
        assert!(!text.contains("unknown_route") && status != StatusCode::METHOD_NOT_ALLOWED, "{method} {path}: {status} {text}");
    }
}

#[tokio::test]
async fn everything_is_said_about_every_operation() {
    let (_, document) = document(&Loaded::empty()).await;
    for (method, path) in operations(&document) {
        let operation = &document["paths"][&path][method.as_str().to_lowercase()];
        let said = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
        assert!(said(&operation["summary"]), "{method} {path} has no summary");
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{method} {path} has no tag");
        assert!(operation["responses"]["default"].is_object(), "{method} {path} says nothing of problems");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(said(&parameter["description"]), "{method} {path}: {parameter} is not described");
        }
        let in_path: BTreeSet<&str> = path.split(['{', '}']).skip(1).step_by(2).collect();
        let parameters = operation["parameters"].as_array().into_iter().flatten().filter(|parameter| parameter["in"] == "path");
        assert_eq!(in_path, parameters.filter_map(|parameter| parameter["name"].as_str()).collect(), "{method} {path}");
    }
}
