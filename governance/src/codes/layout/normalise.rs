//! The spellings under which one code is written.

/// The code and its other spellings, likeliest first: `E5001003`, `ERR-5001003` and `5001003.0` are 5001003. A sign is kept.
///
/// A layout or catalogue takes the first that it knows: one whose codes have letters knows `E5001003` as it is.
pub fn spellings(code: &str) -> Vec<&str> {
    let code = code.trim();
    let mut all = vec![code];
    let whole = code.strip_suffix(".0").filter(|whole| is_number(whole));
    all.extend(whole);
    for prefix in ["ERR-", "ERR_", "ERR", "E-", "E"] {
        let rest = code.get(..prefix.len()).filter(|start| start.eq_ignore_ascii_case(prefix)).and_then(|_| code.get(prefix.len()..));
        if let Some(rest) = rest.filter(|rest| is_number(rest)) {
            all.push(rest);
            break;
        }
    }
    all
}

/// A JSON number loses its leading zeros: the code with zeros before it, up to this width.
const WIDTH_MAX: usize = 10;

/// The form with leading zeros that `is_known` knows, for a code of digits that it does not know as it is.
pub(super) fn padded(code: &str, is_known: impl Fn(&str) -> bool) -> Option<String> {
    if !code.bytes().all(|byte| byte.is_ascii_digit()) || code.is_empty() {
        return None;
    }
    (code.len() + 1..=WIDTH_MAX).map(|width| format!("{code:0>width$}")).find(|padded| is_known(padded))
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}
