//! `/`: a small status page until the dashboard comes. Self-contained: no request leaves the server.

use axum::{extract::Request, response::IntoResponse, response::Response};
use http::{HeaderMap, header};

use super::openapi::OtherProblems;

const INDEX: &str = include_str!("page/index.html");
const STYLE: &str = include_str!("page/status.css");
const SCRIPT: &str = include_str!("page/status.js");

/// The status page, in English or Chinese.
#[utoipa::path(get, path = "/", tag = "page", responses((status = 200, description = "HTML", body = String, content_type = "text/html"), OtherProblems))]
pub(crate) async fn index(request: Request) -> Response {
    let html = INDEX.replacen("lang=\"en\"", &format!("lang=\"{}\"", language(request.headers())), 1);
    let headers =
        [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-cache"), (header::VARY, "accept-language")];
    (headers, html).into_response()
}

/// How the status page looks.
#[utoipa::path(get, path = "/status.css", tag = "page", responses((status = 200, description = "CSS", body = String, content_type = "text/css"), OtherProblems))]
pub(crate) async fn style() -> Response {
    asset("text/css; charset=utf-8", STYLE)
}

/// What the status page does.
#[utoipa::path(get, path = "/status.js", tag = "page", responses((status = 200, description = "JavaScript", body = String, content_type = "text/javascript"), OtherProblems))]
pub(crate) async fn script() -> Response {
    asset("text/javascript; charset=utf-8", SCRIPT)
}

fn asset(content_type: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "no-cache")], text).into_response()
}

/// `zh` when Chinese comes before English in Accept-Language, which browsers send in order of preference.
fn language(headers: &HeaderMap) -> &'static str {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted
        .split(',')
        .find_map(|entry| match entry.trim().get(..2)?.to_ascii_lowercase().as_str() {
            "zh" => Some("zh"),
            "en" => Some("en"),
            _ => None,
        })
        .unwrap_or("en")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_follows_the_browser() {
        let check = |accepted: &str, expected| {
            let headers = HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, accepted.parse().expect("a value"))]);
            assert_eq!(language(&headers), expected, "{accepted}");
        };
        check("zh-CN,zh;q=0.9,en;q=0.8", "zh");
        check("en-US,en;q=0.9,zh;q=0.8", "en");
        check("de-DE, zh;q=0.5", "zh");
        check("de", "en");
        check("é", "en");
        assert_eq!(language(&HeaderMap::new()), "en");
    }

    #[test]
    fn the_page_asks_nobody_else() {
        for text in [INDEX, STYLE, SCRIPT] {
            for foreign in ["https://", "//cdn", "@import", "style=\"", "onclick", "innerHTML"] {
                assert!(!text.contains(foreign), "{foreign}");
            }
        }
    }
}
