//! Which breaker: (namespace, environment, service, framework family, mechanism, name). The instance is a key under it.

use std::{borrow::Cow, fmt, str::FromStr};

use xxhash_rust::xxh3::xxh3_64;

use crate::facts::{Emitter, Mechanism};

/// Longest name that is kept whole; a longer one ends in its hash.
const NAME_MAX: usize = 256;

/// The name of a breaker in links: a hash of its identity, sixteen hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BreakerId(pub u64);

impl fmt::Display for BreakerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected sixteen hex digits")]
pub struct ParseBreakerIdError;

impl FromStr for BreakerId {
    type Err = ParseBreakerIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() != 16 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(ParseBreakerIdError);
        }
        u64::from_str_radix(text, 16).map(Self).map_err(|_| ParseBreakerIdError)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BreakerKey {
    pub service: String,
    pub name: String,
    pub namespace: String,
    pub environment: String,
    /// Framework without its version; empty when nothing says.
    pub family: String,
    pub mechanism: Mechanism,
}

impl BreakerKey {
    pub fn new(emitter: &Emitter, framework: &str, mechanism: Mechanism, name: &str) -> Self {
        Self {
            service: emitter.service.clone(),
            name: capped(name.trim()).into_owned(),
            namespace: emitter.namespace.clone(),
            environment: emitter.environment.clone(),
            family: family(framework).to_owned(),
            mechanism,
        }
    }

    pub fn id(&self) -> BreakerId {
        let mut bytes = Vec::with_capacity(128);
        let parts = [&self.namespace, &self.environment, &self.service, &self.family, &self.name];
        write_key(&mut bytes, parts.map(String::as_str), self.mechanism);
        BreakerId(xxh3_64(&bytes))
    }

    /// Named after the operation it guards, because nothing names it.
    pub fn is_nameless(&self) -> bool {
        self.name.is_empty() || self.name.starts_with("op:")
    }
}

/// The hash of the identity that a fact names, without building it. `bytes` is room to work in.
pub(crate) fn hash_of(bytes: &mut Vec<u8>, emitter: &Emitter, framework: &str, mechanism: Mechanism, name: &str) -> u64 {
    bytes.clear();
    let name = capped(name.trim());
    write_key(bytes, [&emitter.namespace, &emitter.environment, &emitter.service, family(framework), &name], mechanism);
    xxh3_64(bytes)
}

fn write_key(bytes: &mut Vec<u8>, parts: [&str; 5], mechanism: Mechanism) {
    for part in parts {
        bytes.extend_from_slice(part.as_bytes());
        bytes.push(0);
    }
    bytes.push(mechanism as u8);
}

/// `kratos-v2` and `kratos-v3` are one family.
pub(crate) fn family(framework: &str) -> &str {
    let version = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    match framework.rsplit_once(['-', '/', '@']) {
        Some((name, last)) if version(last.strip_prefix('v').unwrap_or("")) => name,
        _ => framework,
    }
}

fn capped(name: &str) -> Cow<'_, str> {
    if name.len() <= NAME_MAX {
        return Cow::Borrowed(name);
    }
    let mut end = NAME_MAX;
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    Cow::Owned(format!("{}#{:016x}", &name[..end], xxh3_64(name.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_a_fact_is_the_id_of_its_breaker() {
        let emitter = Emitter { service: "order".into(), namespace: "shop".into(), instance: "a".into(), ..Emitter::default() };
        let other = Emitter { instance: "b".into(), ..emitter.clone() };
        let long = "日".repeat(200);
        for (framework, name) in [("kratos", "op:/a"), ("kratos-v3", " op:/a "), ("", "pay"), ("sentinel-go", &long)] {
            let key = BreakerKey::new(&emitter, framework, Mechanism::Adaptive, name);
            assert_eq!(key.id().0, hash_of(&mut vec![1], &other, framework, Mechanism::Adaptive, name), "{framework} {name}");
            assert_eq!(key.id().to_string().parse(), Ok(key.id()));
            assert!(key.name.len() <= NAME_MAX + 17);
        }
        assert_eq!(family("kratos-v3"), "kratos");
        assert_eq!(family("sentinel-go"), "sentinel-go");
        assert_eq!("xyz".parse::<BreakerId>(), Err(ParseBreakerIdError));
    }
}
