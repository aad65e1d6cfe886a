//! Which language a reader wants: `Accept-Language` of RFC 9110.

/// Languages that the catalogue has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    #[default]
    En,
    Zh,
}

impl Language {
    /// As in `Content-Language`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }
}

/// The language with the highest weight; of equal ones the first. English when none of ours is asked for.
pub fn choose(accept_language: &str) -> Language {
    let mut best = (0.0, Language::En);
    for part in accept_language.split(',').take(32) {
        let mut fields = part.split(';').map(str::trim);
        let tag = fields.next().unwrap_or_default().to_ascii_lowercase();
        let weight = fields.find_map(|field| field.strip_prefix("q=")).map_or(1.0, |weight| weight.parse().unwrap_or(0.0));
        let language = match tag.split('-').next().unwrap_or_default() {
            "zh" => Language::Zh,
            "en" | "*" => Language::En,
            _ => continue,
        };
        if weight > best.0 {
            best = (weight, language);
        }
    }
    best.1
}
