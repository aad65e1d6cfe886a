//! Which bytes a path stands for.

use std::borrow::Cow;

struct Embedded {
    /// Of the file in `assets/`; it has a hash of the content in it.
    name: &'static str,
    plain: &'static [u8],
    brotli: &'static [u8],
    gzip: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Names carry a hash, so what has been loaded once is good for ever.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const ALWAYS_ASK: &str = "no-cache";
const FOLDER: &str = "assets/";
/// As Vite writes it into the page with the base `./`.
const FOLDER_IN_PAGE: &str = "./assets/";

/// An answer without a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    pub content_type: &'static str,
    /// Of `Content-Encoding`; none for bytes as they are.
    pub encoding: Option<&'static str>,
    pub cache_control: &'static str,
    pub bytes: Cow<'static, [u8]>,
}

/// What to answer to a GET of `path`, in the best form that `accept_encoding` (the header's value) allows.
///
/// A file of the dashboard is itself. Any other path without an ending is the page, which reads the rest from the path. `None` for
/// everything else, and for files that do not exist.
pub fn asset(path: &str, accept_encoding: &str) -> Option<Asset> {
    let path = path.strip_prefix('/')?;
    // The folder may be asked for below a page's path when a proxy rewrites paths: only the place right below the root is ours.
    if let Some(name) = path.strip_prefix(FOLDER) {
        let embedded = ASSETS.iter().find(|embedded| embedded.name == name)?;
        return Some(file(embedded, accept_encoding));
    }
    let last = path.rsplit('/').next().unwrap_or_default();
    if last.contains('.') && !path.starts_with("services/") {
        return None;
    }
    Some(Asset { content_type: "text/html; charset=utf-8", encoding: None, cache_control: ALWAYS_ASK, bytes: Cow::Owned(page(path)) })
}

/// Names the sources that the embedded dashboard was made from; `none` when there is none.
pub fn stamp() -> &'static str {
    STAMP
}

/// The page, with the way from `path` back to the root in its links: so it works below any path that a proxy takes away.
fn page(path: &str) -> Vec<u8> {
    let up = "../".repeat(path.matches('/').count());
    let folder = if up.is_empty() { FOLDER_IN_PAGE.to_owned() } else { up + FOLDER };
    INDEX.replace(FOLDER_IN_PAGE, &folder).into_bytes()
}

fn file(embedded: &Embedded, accept_encoding: &str) -> Asset {
    let (encoding, bytes) = if accepts(accept_encoding, "br") {
        (Some("br"), embedded.brotli)
    } else if accepts(accept_encoding, "gzip") {
        (Some("gzip"), embedded.gzip)
    } else {
        (None, embedded.plain)
    };
    Asset { content_type: content_type(embedded.name), encoding, cache_control: FOR_EVER, bytes: Cow::Borrowed(bytes) }
}

/// Whether the list names `coding` and does not refuse it with `q=0`.
fn accepts(accept_encoding: &str, coding: &str) -> bool {
    accept_encoding.split(',').any(|entry| {
        let mut parts = entry.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
        named && !parts.any(|part| part.strip_prefix("q=").is_some_and(|quality| quality.parse() == Ok(0.0)))
    })
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(path: &str) -> String {
        String::from_utf8(asset(path, "").expect("a page").bytes.into_owned()).expect("text")
    }

    #[test]
    fn pages_find_their_files_from_any_depth() {
        for (path, folder) in
            [("/", "./assets/"), ("/traces", "./assets/"), ("/traces/4bf9", "../assets/"), ("/services/a/b", "../../assets/")]
        {
            let page = text(path);
            assert!(page.contains(&format!("\"{folder}index-")), "{path}: {page}");
            assert_eq!(page.matches("assets/").count(), page.matches(&format!("\"{folder}")).count(), "{path}: {page}");
        }
    }

    #[test]
    fn every_file_the_page_names_is_there_in_every_form() {
        let page = text("/");
        let names: Vec<&str> = page.split('"').filter_map(|part| part.strip_prefix("./")).collect();
        assert!(names.len() >= 3, "script, style and icon: {names:?}");
        for name in names {
            for (accept, encoding) in
                [("gzip, deflate, br, zstd", Some("br")), ("gzip", Some("gzip")), ("br;q=0, identity", None), ("", None)]
            {
                let asset = asset(&format!("/{name}"), accept).expect(name);
                assert_eq!((asset.encoding, asset.cache_control), (encoding, FOR_EVER), "{name} {accept}");
                assert!(!asset.bytes.is_empty() && asset.content_type != "application/octet-stream", "{name}");
            }
        }
    }

    #[test]
    fn compressed_is_smaller() {
        for embedded in ASSETS.iter().filter(|embedded| embedded.plain.len() > 2000) {
            assert!(embedded.brotli.len() < embedded.gzip.len() && embedded.gzip.len() < embedded.plain.len(), "{}", embedded.name);
        }
    }

    #[test]
    fn files_that_do_not_exist_are_no_page() {
        for path in ["/favicon.ico", "/assets/", "/assets/../index.html", "/assets/index-0.js", "/.env", "/traces/x.php", "assets"] {
            assert_eq!(asset(path, ""), None, "{path}");
        }
        // Services have dots in their names.
        assert!(asset("/services/com.example.pay", "").is_some());
    }

    #[test]
    fn the_page_asks_nobody_else_and_has_no_script_of_its_own() {
        let page = text("/");
        for foreign in ["https://", "//cdn", "style=\"", "onclick", "<style", "<script>"] {
            assert!(!page.contains(foreign), "{foreign}");
        }
        assert_ne!(stamp(), "none", "the tests are about a dashboard that is built");
    }
}
