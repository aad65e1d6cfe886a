//! What was probably meant: the known key nearest to a typo.

/// A serde message about an unknown field, with a suggestion when a known name is near.
pub(crate) fn with_suggestion(message: &str) -> String {
    let Some(unknown) = unknown_field(message) else { return message.to_owned() };
    match nearest(unknown.name, unknown.known) {
        Some(meant) => format!("unknown key `{}`; did you mean `{meant}`?", unknown.name),
        None => message.replacen("unknown field", "unknown key", 1),
    }
}

struct Unknown<'a> {
    name: &'a str,
    known: Vec<&'a str>,
}

/// Reads serde's "unknown field `a`, expected one of `b`, `c`".
fn unknown_field(message: &str) -> Option<Unknown<'_>> {
    let rest = message.split_once("unknown field `")?.1;
    let mut quoted = rest.split('`').step_by(2);
    let name = quoted.next()?;
    Some(Unknown { name, known: quoted.filter(|text| !text.is_empty()).collect() })
}

pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |candidate: &&str| strsim::damerau_levenshtein(name, candidate);
    known.into_iter().min_by_key(distance).filter(|candidate| distance(candidate) <= name.len().max(candidate.len()) / 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_suggested() {
        let check = |message, expected| assert_eq!(with_suggestion(message), expected);
        check("unknown field `dta_dir`, expected one of `data_dir`, `insecure`", "unknown key `dta_dir`; did you mean `data_dir`?");
        check("unknown field `x`, expected `data_dir`", "unknown key `x`, expected `data_dir`");
        check("invalid type: string", "invalid type: string");
    }
}
