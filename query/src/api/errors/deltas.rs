//! `GET /api/v1/errors/codes/{code}/deltas`: what sets spans with the code apart from the others of the same services.

use std::sync::Arc;

use serde_json::json;

use super::{
    super::{
        deltas,
        problem::Problem,
        router::Shared,
        search::{Limits, Pairs, now, parse_limit},
        window::unknown_parameter,
    },
    asked::Asked,
    load::Folds,
    one,
};

const ATTRIBUTES: Limits = Limits { default: 10, max: 200 };
const VALUES: Limits = Limits { default: 3, max: 100 };
/// Services whose spans are compared.
const SERVICES_MAX: usize = 20;

pub(super) async fn answer(folds: &Folds, shared: Arc<Shared>, code: &str, pairs: Pairs) -> Result<Vec<u8>, Problem> {
    let now = now();
    let (asked, others) = Asked::parse(pairs, now)?;
    let (mut attributes, mut values, mut table) = (ATTRIBUTES.default, VALUES.default, "spans".to_owned());
    for (name, value) in others {
        match name.as_str() {
            "limit" => attributes = parse_limit(&value, ATTRIBUTES)?,
            "values" => values = parse_limit(&value, VALUES)?,
            "table" => table = value,
            _ => {
                let known = "this route knows `start`, `end`, `range`, `service`, `environment`, `count`, `table`, `limit` and `values`";
                return Err(unknown_parameter(&name, known));
            }
        }
    }
    // Whoever carries it: in spans above the origin it is the same story.
    let asked = Asked { every_hop: true, ..asked };
    let told = folds.told(&asked, now).await?;
    let counted = one::find(&told, code, &asked)?;
    let mut services: Vec<&str> = counted.born.iter().map(|(service, _)| service.as_str()).collect();
    if !asked.service.is_empty() {
        services = vec![&asked.service];
    }
    services.truncate(SERVICES_MAX);
    let of_services = services.iter().map(|service| quoted(service)).collect::<Vec<_>>().join(" OR ");
    let body = json!({
        "table": table,
        "q": if services.is_empty() { String::new() } else { format!("service:({of_services})") },
        "start": asked.window.start.0.to_string(),
        "end": asked.window.end.0.to_string(),
        "selection": { "q": format!("error_code:{}", quoted(code)) },
        "limit": attributes,
        "values": values,
    });
    deltas::of(shared, body.to_string().as_bytes()).await
}

/// As the grammar of searches quotes a text.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn texts_are_taken_literally() {
        for text in ["5001003", "exc:java.net.ConnectException", "a \"b\" \\ c*", "库存\n不足"] {
            let search = crate::search::parse(&format!("error_code:{}", quoted(text))).expect("a search");
            assert!(crate::search::parse(&search.to_string()).is_ok(), "{search}");
        }
    }
}
