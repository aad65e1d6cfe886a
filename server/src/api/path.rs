//! Paths with parameters.

/// `path?name=value&…`, of the parameters that have a value.
pub(crate) fn path(path: &str, parameters: &[(&str, Option<&str>)]) -> String {
    let mut whole = path.to_owned();
    let mut separator = '?';
    for (name, value) in parameters {
        let Some(value) = value else { continue };
        whole.push(std::mem::replace(&mut separator, '&'));
        whole.push_str(name);
        whole.push('=');
        value.bytes().for_each(|byte| push_encoded(&mut whole, byte));
    }
    whole
}

/// A text as one segment of a path.
pub(crate) fn segment(text: &str) -> String {
    let mut whole = String::new();
    text.bytes().for_each(|byte| push_encoded(&mut whole, byte));
    whole
}

/// All but the unreserved characters of RFC 3986 are escaped.
fn push_encoded(text: &mut String, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        text.push(byte.into());
    } else {
        text.extend(['%', HEX[usize::from(byte >> 4)].into(), HEX[usize::from(byte & 15)].into()]);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn values_are_escaped() {
        let check = |parameters: &[(&str, Option<&str>)], expected: &str| assert_eq!(super::path("/api", parameters), expected);
        check(&[], "/api");
        check(&[("q", None), ("limit", Some("5"))], "/api?limit=5");
        assert_eq!(super::segment("exc:a/b c"), "exc%3Aa%2Fb%20c");
        check(&[("q", Some("a:1 & 库")), ("start", Some("now-1h"))], "/api?q=a%3A1%20%26%20%E5%BA%93&start=now-1h");
    }
}
