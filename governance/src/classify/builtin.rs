//! The rules that are shipped: one file per family of libraries. Frameworks and encodings come first, rules name them.

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../rules/", $name)))),*]
    };
}

pub(super) const BUILT_IN: [(&str, &str); 13] = files![
    "frameworks.toml",
    "kratos.toml",
    "sentinel.toml",
    "hystrix.toml",
    "go-breakers.toml",
    "resilience4j.toml",
    "polly.toml",
    "scripts.toml",
    "go-zero.toml",
    "kitex-dubbo.toml",
    "mesh.toml",
    "fusebox.toml",
    "fallback.toml",
];
