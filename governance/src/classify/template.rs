//! Texts with places for fields: `op:{name}`, `{attr.a|attr.b}`.

use super::field::Field;

/// Templates, of which the first counts whose places all have a value.
#[derive(Debug, Clone, Default)]
pub(super) struct Template(Vec<Vec<Part>>);

#[derive(Debug, Clone)]
enum Part {
    Text(String),
    /// The first of these fields that has a value.
    Place(Vec<Field>),
}

impl Template {
    pub fn parse(texts: &[String]) -> Result<Self, String> {
        texts.iter().map(|text| parse_one(text)).collect::<Result<_, _>>().map(Self)
    }

    /// The text when there are no places in it.
    pub fn constant(&self) -> Option<&str> {
        match self.0.as_slice() {
            [parts] => match parts.as_slice() {
                [Part::Text(text)] => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        self.0.iter().flatten().flat_map(|part| match part {
            Part::Place(fields) => fields.as_slice(),
            Part::Text(_) => &[],
        })
    }

    /// The text with the values that `value` has for fields; `None` when no template has all it needs.
    pub fn render(&self, value: impl Fn(&Field) -> Option<String>) -> Option<String> {
        self.0.iter().find_map(|parts| {
            let mut text = String::new();
            for part in parts {
                match part {
                    Part::Text(literal) => text.push_str(literal),
                    Part::Place(fields) => text.push_str(&fields.iter().filter_map(&value).find(|value| !value.is_empty())?),
                }
            }
            Some(text)
        })
    }
}

fn parse_one(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        if !before.is_empty() {
            parts.push(Part::Text(before.to_owned()));
        }
        let (place, after) = after.split_once('}').ok_or_else(|| format!("{text:?} has a {{ that is not closed"))?;
        parts.push(Part::Place(place.split('|').map(|name| Field::parse(name.trim())).collect::<Result<_, _>>()?));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(texts: &[&str], expected: Option<&str>) {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        let template = Template::parse(&texts).expect("valid");
        let value = |field: &Field| match field {
            Field::Name => Some("/a.B/C".to_owned()),
            Field::Kind => Some(String::new()),
            _ => None,
        };
        assert_eq!(template.render(value).as_deref(), expected, "{texts:?}");
    }

    #[test]
    fn the_first_template_with_all_values_counts() {
        check(&["op:{name}"], Some("op:/a.B/C"));
        check(&["{attr.x|kind|name}!"], Some("/a.B/C!"));
        check(&["{attr.x}", "x{name}", "never"], Some("x/a.B/C"));
        check(&["{attr.x}"], None);
        check(&["constant"], Some("constant"));
        check(&[""], Some(""));
    }

    #[test]
    fn a_wrong_template_is_named() {
        for (text, why) in [("{name", "not closed"), ("{nam}", "unknown field \"nam\""), ("{}", "unknown field \"\"")] {
            let error = Template::parse(&[text.to_owned()]).expect_err(text);
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
