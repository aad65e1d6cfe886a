//! Direct dependencies, as the manifests declare them.

use cargo_metadata::{DependencyKind, Metadata};

use super::table::{ROOMS, refuse, room};
use crate::finding::Finding;

/// One dependency line of a room's manifest.
#[derive(Debug, Clone)]
pub(crate) struct Declared {
    pub room: String,
    pub package: String,
    /// The name in Rust paths.
    pub ident: String,
    pub for_tests: bool,
}

pub(crate) fn declared(metadata: &Metadata) -> Vec<Declared> {
    let mut lines = Vec::new();
    for package in metadata.workspace_packages() {
        for dependency in &package.dependencies {
            lines.push(Declared {
                room: package.name.to_string(),
                package: dependency.name.clone(),
                ident: dependency.rename.as_ref().unwrap_or(&dependency.name).replace('-', "_"),
                for_tests: dependency.kind == DependencyKind::Development,
            });
        }
        lines.push(Declared {
            room: package.name.to_string(),
            package: package.name.to_string(),
            ident: package.name.to_string(),
            for_tests: false,
        });
    }
    lines
}

pub(crate) fn check(declared: &[Declared]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for line in declared {
        let manifest = format!("{}/Cargo.toml", line.room);
        let Some(room) = room(&line.room) else {
            findings.push(Finding::whole(&manifest, "layers", format!("room {} is not in the table of layers", line.room)));
            continue;
        };
        findings.extend(refuse(room, &line.package, line.for_tests).map(|text| Finding::whole(&manifest, "layers", text)));
    }
    for room in ROOMS.iter().filter(|room| declared.iter().all(|line| line.room != room.name)) {
        findings.push(Finding::whole("Cargo.toml", "layers", format!("room {} of the table of layers does not exist", room.name)));
    }
    findings.sort_by(|a, b| (&a.path, &a.text).cmp(&(&b.path, &b.text)));
    findings.dedup();
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(room: &str, package: &str, for_tests: bool) -> Declared {
        Declared { room: room.into(), package: package.into(), ident: package.replace('-', "_"), for_tests }
    }

    fn workspace_with(extra: Declared) -> Vec<String> {
        let mut lines: Vec<_> = ROOMS.iter().map(|room| line(room.name, room.name, false)).collect();
        lines.push(extra);
        check(&lines).into_iter().map(|finding| finding.to_string()).collect()
    }

    #[test]
    fn a_manifest_that_breaks_the_table_is_named() {
        assert!(workspace_with(line("query", "storage", false)).is_empty());
        assert!(workspace_with(line("query", "tonic", true)).is_empty());
        assert_eq!(workspace_with(line("query", "collector", true)), ["query/Cargo.toml: query must not import collector [layers]"]);
        assert_eq!(workspace_with(line("server", "tonic", false)), ["server/Cargo.toml: tonic lives in collector, not in server [layers]"]);
        assert_eq!(workspace_with(line("shed", "shed", false)), ["shed/Cargo.toml: room shed is not in the table of layers [layers]"]);
    }

    #[test]
    fn a_room_that_is_gone_is_named() {
        let lines: Vec<_> = ROOMS.iter().filter(|room| room.name != "demo").map(|room| line(room.name, room.name, false)).collect();
        assert_eq!(check(&lines).len(), 1);
    }
}
