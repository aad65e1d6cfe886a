//! The rules. A new edge between rooms, or a new home for a heavy library, is an ADR and a line here.

pub(crate) struct Room {
    pub name: &'static str,
    /// Rooms its shipped code may import.
    pub imports: &'static [&'static str],
    /// Crates it must never reach, not even through others.
    pub never_reaches: &'static [&'static str],
    /// Rooms it must never name, not even in tests.
    pub never_names: &'static [&'static str],
}

/// Every crate of the workspace, most neutral first.
pub(crate) const ROOMS: &[Room] = &[
    Room {
        name: "schemas",
        imports: &[],
        never_reaches: &["tokio", "tonic", "hyper", "axum", "rusqlite", "parquet", "object_store", "datafusion", "rand"],
        never_names: &["storage", "collector", "query", "server"],
    },
    Room {
        name: "governance",
        imports: &["schemas"],
        never_reaches: &["tokio", "tonic", "hyper", "axum", "rusqlite", "parquet", "object_store", "datafusion", "rand"],
        never_names: &["storage", "collector", "query", "server"],
    },
    Room {
        name: "storage",
        imports: &["schemas"],
        never_reaches: &["tokio", "tonic", "hyper", "axum", "datafusion", "datafusion-common"],
        never_names: &["collector", "query", "server"],
    },
    Room {
        name: "collector",
        imports: &["schemas", "governance", "storage"],
        never_reaches: &["datafusion", "datafusion-common"],
        never_names: &["query", "server"],
    },
    Room {
        name: "query",
        imports: &["schemas", "governance", "storage"],
        never_reaches: &["tonic"],
        never_names: &["collector", "server"],
    },
    Room { name: "demo", imports: &["schemas"], never_reaches: &["parquet", "rusqlite"], never_names: &["storage", "query", "collector"] },
    Room {
        name: "ui",
        imports: &[],
        never_reaches: &["tokio", "hyper", "axum", "arrow", "datafusion", "rusqlite"],
        never_names: &["schemas", "storage", "collector", "query", "server"],
    },
    Room { name: "testkit", imports: &["schemas", "storage"], never_reaches: &[], never_names: &["collector", "query", "server"] },
    Room {
        name: "server",
        imports: &["schemas", "governance", "storage", "collector", "query", "demo", "ui"],
        never_reaches: &[],
        never_names: &[],
    },
    Room {
        name: "benches",
        imports: &["schemas", "governance", "storage", "demo", "testkit"],
        never_reaches: &[],
        never_names: &["server"],
    },
    Room { name: "xtask", imports: &[], never_reaches: &["tokio", "arrow"], never_names: &[] },
];

/// Rooms that only tests import, whatever `imports` says.
pub(crate) const FOR_TESTS: &[&str] = &["testkit", "demo"];

pub(crate) struct Home {
    /// A package name; a trailing `*` stands for any ending.
    pub library: &'static str,
    pub rooms: &'static [&'static str],
}

/// Heavy or defining libraries, and the rooms whose shipped code alone may name them.
pub(crate) const HOMES: &[Home] = &[
    // Benches are not shipped, and look into the blocks that a server wrote.
    Home { library: "parquet*", rooms: &["storage", "benches"] },
    Home { library: "rusqlite", rooms: &["storage"] },
    Home { library: "object_store", rooms: &["storage"] },
    Home { library: "tantivy*", rooms: &["storage"] },
    Home { library: "rustix", rooms: &["storage"] },
    Home { library: "tonic*", rooms: &["collector"] },
    Home { library: "datafusion*", rooms: &["query"] },
    Home { library: "axum", rooms: &["collector", "query"] },
    Home { library: "metrics-exporter-prometheus", rooms: &["query", "server"] },
    Home { library: "clap*", rooms: &["server", "xtask"] },
    Home { library: "anyhow", rooms: &["server", "xtask"] },
    Home { library: "indicatif", rooms: &["server"] },
    Home { library: "tracing-subscriber", rooms: &["server"] },
    Home { library: "opentelemetry-proto", rooms: &["demo", "testkit"] },
    Home { library: "opentelemetry-otlp", rooms: &[] },
    Home { library: "opentelemetry_sdk", rooms: &[] },
    Home { library: "cargo_metadata", rooms: &["xtask"] },
    Home { library: "criterion", rooms: &["benches"] },
    Home { library: "proptest", rooms: &["testkit"] },
    Home { library: "tempfile", rooms: &["testkit"] },
    Home { library: "insta", rooms: &[] },
    Home { library: "openssl*", rooms: &[] },
];

impl Home {
    pub fn is_of(&self, package: &str) -> bool {
        self.library.strip_suffix('*').map_or(self.library == package, |start| package.starts_with(start))
    }
}

pub(crate) fn room(name: &str) -> Option<&'static Room> {
    ROOMS.iter().find(|room| room.name == name)
}

/// Why shipped code of `room` must not name `package`; tests may use any library, but not any room.
pub(crate) fn refuse(room: &Room, package: &str, in_tests: bool) -> Option<String> {
    let name = room.name;
    if package == name {
        return None;
    }
    if self::room(package).is_some() {
        let allowed = room.imports.contains(&package) || (in_tests && FOR_TESTS.contains(&package));
        let never = room.never_names.contains(&package);
        return (never || !(allowed || in_tests)).then(|| format!("{name} must not import {package}"));
    }
    let home = HOMES.iter().find(|home| home.is_of(package))?;
    (!in_tests && !home.rooms.contains(&name)).then(|| match home.rooms {
        [] => format!("{package} is for tests only"),
        rooms => format!("{package} lives in {}, not in {name}", rooms.join(" and ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_name_whom() {
        for (name, package, in_tests, refused) in [
            ("collector", "storage", false, false),
            ("collector", "query", false, true),
            ("collector", "query", true, true),
            ("query", "collector", false, true),
            ("query", "tonic-health", false, true),
            ("collector", "tonic-health", false, false),
            ("storage", "tonic", false, true),
            ("storage", "parquet", false, false),
            ("schemas", "parquet", false, true),
            ("schemas", "parquet", true, false),
            ("schemas", "storage", true, true),
            ("schemas", "testkit", true, false),
            ("schemas", "testkit", false, true),
            ("query", "serde", false, false),
            ("query", "insta", false, true),
            ("server", "query", false, false),
        ] {
            let answer = refuse(room(name).expect("a room"), package, in_tests);
            assert_eq!(answer.is_some(), refused, "{name} naming {package}, in tests: {in_tests}: {answer:?}");
        }
    }

    #[test]
    fn the_table_is_acyclic_and_knows_its_rooms() {
        for (index, room) in ROOMS.iter().enumerate() {
            for import in room.imports {
                let place = ROOMS.iter().position(|other| other.name == *import).expect("imports name rooms");
                assert!(place < index, "{} is listed before {import}, which it imports", room.name);
                assert!(!room.never_names.contains(import), "{} both may and must not name {import}", room.name);
            }
        }
    }
}
