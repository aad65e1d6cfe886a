//! Where to fetch, and the labels of what is there.

use std::sync::Arc;

use super::{
    config::{ScrapeConfig, ScrapeError},
    relabel::{Labels, Relabel, relabel},
};

const ADDRESS: &str = "__address__";
const PATH: &str = "__metrics_path__";
const SCHEME: &str = "__scheme__";

/// One page to fetch.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub config: Arc<ScrapeConfig>,
    pub rules: Arc<Vec<Relabel>>,
    /// `host:port`
    pub address: String,
    pub path: String,
    /// With `job` and `instance`; those that begin with `__` are gone.
    pub labels: Labels,
}

impl Target {
    pub(crate) fn url(&self) -> String {
        format!("http://{}{}", self.address, self.path)
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
        for address in &config.targets {
            let mut labels: Labels = config.labels.clone();
            let own = [("job", config.job.as_str()), (ADDRESS, address), (PATH, &config.metrics_path), (SCHEME, "http")];
            for (name, value) in own {
                labels.entry(name.to_owned()).or_insert_with(|| value.to_owned());
            }
            if !relabel(&of_targets, &mut labels) {
                continue;
            }
            let take = |labels: &mut Labels, name: &str| labels.remove(name).unwrap_or_default();
            let (address, path, scheme) = (take(&mut labels, ADDRESS), take(&mut labels, PATH), take(&mut labels, SCHEME));
            if scheme != "http" {
                return Err(ScrapeError::Wrong { key: SCHEME, value: scheme, wanted: "http; a proxy can add TLS" });
            }
            let address = if has_port(&address) { address } else { format!("{address}:80") };
            if format!("http://{address}{path}").parse::<http::Uri>().is_err() {
                return Err(ScrapeError::Wrong { key: "targets", value: address, wanted: "host:port" });
            }
            labels.retain(|name, _| !name.starts_with("__"));
            labels.entry("instance".to_owned()).or_insert_with(|| address.clone());
            targets.push(Target { config: Arc::clone(&shared), rules: Arc::clone(&rules), address, path, labels });
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
        config.relabel_configs = vec![rule(r#"{"target_label":"__scheme__","replacement":"https"}"#)];
        assert!(targets(&[config]).expect_err("refused").to_string().contains("__scheme__ has \"https\", which is not http"));
    }
}
