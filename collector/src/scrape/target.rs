//! Where to fetch, and the labels of what is there.

use std::sync::Arc;

use super::{
    config::{ScrapeConfig, ScrapeError},
    relabel::{Labels, Relabel, relabel},
};
use crate::dial::Tls;

const ADDRESS: &str = "__address__";
const PATH: &str = "__metrics_path__";
const SCHEME: &str = "__scheme__";

/// One page to fetch.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub config: Arc<ScrapeConfig>,
    pub rules: Arc<Vec<Relabel>>,
    /// For `https`.
    pub tls: Option<Tls>,
    /// `host:port`
    pub address: String,
    pub path: String,
    /// With `job` and `instance`; those that begin with `__` are gone.
    pub labels: Labels,
}

impl Target {
    pub(crate) fn url(&self) -> String {
        format!("{}://{}{}", self.scheme(), self.address, self.path)
    }

    pub(super) fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// What a socket connects to: name or address, and port.
    pub(super) fn socket(&self) -> (&str, u16) {
        let (host, port) = self.address.rsplit_once(':').unwrap_or((&self.address, ""));
        (host.trim_start_matches('[').trim_end_matches(']'), port.parse().unwrap_or(80))
    }

    pub(super) fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}

/// All targets that their rules keep.
///
/// # Errors
/// The first rule that cannot work, or a target that is no address after its rules.
pub(crate) fn targets(configs: &[ScrapeConfig]) -> Result<Vec<Target>, ScrapeError> {
    let mut targets = Vec::new();
    for config in configs {
        let of_targets = config.rules("relabel_configs", &config.relabel_configs)?;
        let rules = Arc::new(config.rules("metric_relabel_configs", &config.metric_relabel_configs)?);
        let shared = Arc::new(config.clone());
        let mut tls: Option<Tls> = None;
        for address in &config.targets {
            let mut labels: Labels = config.labels.clone();
            let own = [("job", config.job.as_str()), (ADDRESS, address), (PATH, &config.metrics_path), (SCHEME, &config.scheme)];
            for (name, value) in own {
                labels.entry(name.to_owned()).or_insert_with(|| value.to_owned());
            }
            if !relabel(&of_targets, &mut labels) {
                continue;
            }
            let take = |labels: &mut Labels, name: &str| labels.remove(name).unwrap_or_default();
            let (address, path, scheme) = (take(&mut labels, ADDRESS), take(&mut labels, PATH), take(&mut labels, SCHEME));
            let usual_port = match scheme.as_str() {
                "http" => 80,
                "https" => 443,
                _ => return Err(ScrapeError::Wrong { key: SCHEME, value: scheme, wanted: "http or https" }),
            };
            if scheme == "https" && tls.is_none() {
                let made = Tls::new(config.ca_file.as_deref(), &["http/1.1"]);
                tls = Some(made.map_err(|error| ScrapeError::Tls { what: error.to_string() })?);
            }
            let address = if has_port(&address) { address } else { format!("{address}:{usual_port}") };
            if format!("http://{address}{path}").parse::<http::Uri>().is_err() {
                return Err(ScrapeError::Wrong { key: "targets", value: address, wanted: "host:port" });
            }
            labels.retain(|name, _| !name.starts_with("__"));
            labels.entry("instance".to_owned()).or_insert_with(|| address.clone());
            let tls = tls.clone().filter(|_| scheme == "https");
            targets.push(Target { config: Arc::clone(&shared), rules: Arc::clone(&rules), tls, address, path, labels });
        }
    }
    Ok(targets)
}

fn has_port(address: &str) -> bool {
    address.rsplit_once(':').is_some_and(|(host, port)| {
        !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) && (!host.contains(':') || host.ends_with(']'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_name_move_and_drop_targets() {
        let rule = |json: &str| serde_json::from_str(json).expect("a rule");
        let mut config = ScrapeConfig::new("shop/pay", ["a:1", "b", "[::1]:9", "gone:1"].map(str::to_owned).to_vec());
        config.labels.insert("zone".to_owned(), "x".to_owned());
        config.relabel_configs = vec![
            rule(r#"{"source_labels":["__address__"],"regex":"gone.*","action":"drop"}"#),
            rule(r#"{"source_labels":["__address__"],"regex":"a:1","target_label":"instance","replacement":"first"}"#),
            rule(r#"{"source_labels":["__address__"],"regex":"b","target_label":"__metrics_path__","replacement":"/federate"}"#),
            rule(r#"{"target_label":"__meta_x","replacement":"y"}"#),
        ];
        let found: Vec<_> =
            targets(&[config.clone()]).expect("they work").iter().map(|target| format!("{} {:?}", target.url(), target.labels)).collect();
        assert_eq!(
            found,
            [
                r#"http://a:1/metrics {"instance": "first", "job": "shop/pay", "zone": "x"}"#,
                r#"http://b:80/federate {"instance": "b:80", "job": "shop/pay", "zone": "x"}"#,
                r#"http://[::1]:9/metrics {"instance": "[::1]:9", "job": "shop/pay", "zone": "x"}"#,
            ]
        );
        config.relabel_configs = vec![rule(r#"{"target_label":"__scheme__","replacement":"ftp"}"#)];
        assert!(
            targets(&[config.clone()]).expect_err("refused").to_string().contains("__scheme__ has \"ftp\", which is not http or https")
        );
        config.relabel_configs = vec![rule(r#"{"target_label":"__scheme__","replacement":"https"}"#)];
        config.ca_file = Some("/no/such/file".into());
        assert!(targets(&[config]).expect_err("refused").to_string().contains("/no/such/file"));
    }
}
