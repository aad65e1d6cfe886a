//! Which format a client wants.

/// The formats of an answer in rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Ndjson,
    Csv,
    Arrow,
    Parquet,
}

impl Format {
    pub(crate) const ALL: [Self; 5] = [Self::Json, Self::Ndjson, Self::Csv, Self::Arrow, Self::Parquet];

    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv",
            Self::Arrow => "application/vnd.apache.arrow.stream",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }

    /// The format that an `Accept` header prefers; JSON when it takes anything. `None`: nothing that exists.
    pub(crate) fn accepted(accept: Option<&str>) -> Option<Self> {
        let Some(accept) = accept.filter(|accept| !accept.trim().is_empty()) else { return Some(Self::Json) };
        let mut best: Option<(f32, Self)> = None;
        for range in accept.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let media_type = parts.next().unwrap_or_default();
            let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |weight| weight.parse().ok()).unwrap_or(0.0);
            let format = Self::of(media_type);
            if let Some(format) = format.filter(|_| weight > 0.0 && best.is_none_or(|(so_far, _)| weight > so_far)) {
                best = Some((weight, format));
            }
        }
        best.map(|(_, format)| format)
    }

    fn of(media_type: &str) -> Option<Self> {
        match media_type.to_ascii_lowercase().as_str() {
            "*/*" | "application/*" => Some(Self::Json),
            "text/*" => Some(Self::Csv),
            "application/ndjson" | "application/jsonl" => Some(Self::Ndjson),
            other => Self::ALL.into_iter().find(|format| format.media_type() == other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accept_header_chooses() {
        let check = |accept: Option<&str>, expected: Option<Format>| assert_eq!(Format::accepted(accept), expected, "{accept:?}");
        check(None, Some(Format::Json));
        check(Some(""), Some(Format::Json));
        check(Some("*/*"), Some(Format::Json));
        check(Some("text/csv"), Some(Format::Csv));
        check(Some("text/html, text/csv;q=0.5, application/x-ndjson;q=0.9"), Some(Format::Ndjson));
        check(Some("application/vnd.apache.arrow.stream"), Some(Format::Arrow));
        check(Some("Application/Vnd.Apache.Parquet"), Some(Format::Parquet));
        check(Some("application/json;q=0, text/csv"), Some(Format::Csv));
        check(Some("image/png"), None);
    }
}
