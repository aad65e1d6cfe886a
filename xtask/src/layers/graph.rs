//! What a room reaches through its shipped dependencies and theirs.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, Metadata, PackageId};

use super::table::room;
use crate::finding::Finding;

/// Package names by room; the room itself is left out.
pub(crate) type Reachable = BTreeMap<String, BTreeSet<String>>;

pub(crate) fn reachable(metadata: &Metadata) -> Result<Reachable> {
    let resolve = metadata.resolve.as_ref().context("cargo metadata gives no dependency graph")?;
    let names: HashMap<&PackageId, &str> = metadata.packages.iter().map(|package| (&package.id, package.name.as_str())).collect();
    let mut edges: HashMap<&PackageId, Vec<&PackageId>> = HashMap::new();
    for node in &resolve.nodes {
        let shipped = node.deps.iter().filter(|dep| dep.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal));
        edges.insert(&node.id, shipped.map(|dep| &dep.pkg).collect());
    }
    let mut reachable = Reachable::new();
    for start in &metadata.workspace_members {
        let mut seen = BTreeSet::new();
        let mut open = vec![start];
        while let Some(id) = open.pop() {
            if seen.insert(id) {
                open.extend(edges.get(id).into_iter().flatten());
            }
        }
        seen.remove(start);
        reachable.insert(names[start].to_owned(), seen.into_iter().map(|id| names[id].to_owned()).collect());
    }
    Ok(reachable)
}

pub(crate) fn check(reachable: &Reachable) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, packages) in reachable {
        let never = room(name).map_or(&[][..], |room| room.never_reaches);
        for package in never.iter().filter(|package| packages.contains(**package)) {
            findings.push(Finding::whole(
                &format!("{name}/Cargo.toml"),
                "layers",
                format!("{name} must not depend on {package}, not even through others: cargo tree -p {name} -e normal -i {package}"),
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_reached_through_others_counts() {
        let reach = |room: &str, packages: &[&str]| {
            check(&Reachable::from([(room.to_owned(), packages.iter().map(|name| (*name).to_owned()).collect())])).len()
        };
        assert_eq!(reach("storage", &["parquet", "arrow", "tokio-macros"]), 0);
        assert_eq!(reach("storage", &["parquet", "tokio"]), 1);
        assert_eq!(reach("collector", &["tonic", "hyper"]), 0);
        assert_eq!(reach("query", &["axum", "tonic"]), 1);
    }
}
