//! What is near one node.

use std::collections::{BTreeMap, VecDeque};

use super::calls::Graph;

/// The nodes that are at most `depth` calls away from those of this name, with or against their direction, the edges among them, and how
/// far each node is. Empty when there is no such node.
pub fn ego(graph: Graph, name: &str, depth: usize) -> (Graph, Vec<usize>) {
    let mut distance: BTreeMap<usize, usize> = BTreeMap::new();
    let mut next: VecDeque<usize> = (0..graph.nodes.len()).filter(|node| graph.nodes[*node].name == name).collect();
    next.iter().for_each(|node| {
        distance.insert(*node, 0);
    });
    while let Some(node) = next.pop_front() {
        let here = distance[&node];
        if here == depth {
            continue;
        }
        for edge in &graph.edges {
            let others = [(edge.from, edge.to), (edge.to, edge.from)];
            for (_, other) in others.into_iter().filter(|(one, _)| *one == node) {
                if let std::collections::btree_map::Entry::Vacant(entry) = distance.entry(other) {
                    entry.insert(here + 1);
                    next.push_back(other);
                }
            }
        }
    }
    let places: BTreeMap<usize, usize> = distance.keys().enumerate().map(|(place, node)| (*node, place)).collect();
    let Graph { nodes, edges, unlinked, orphans } = graph;
    let edges = edges.into_iter().filter_map(|mut edge| {
        (edge.from, edge.to) = (*places.get(&edge.from)?, *places.get(&edge.to)?);
        Some(edge)
    });
    let edges = edges.collect();
    let nodes = nodes.into_iter().enumerate().filter(|(node, _)| places.contains_key(node)).map(|(_, node)| node).collect();
    (Graph { nodes, edges, unlinked, orphans }, distance.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Edge, Node, NodeKind},
        *,
    };
    use crate::analytics::red::Red;

    #[test]
    fn both_directions_and_the_edges_among_them() {
        let node =
            |name: &str| Node { kind: NodeKind::Service, name: name.to_owned(), system: String::new(), spans: 1, calls: Red::default() };
        let edge = |from, to| Edge { from, to, calls: Red::default(), one_sided: 0.0, operations: vec![], protocol: String::new() };
        // web > cart > pay > bank, web > pay, alone.
        let graph = || Graph {
            nodes: ["alone", "bank", "cart", "pay", "web"].map(node).to_vec(),
            edges: vec![edge(2, 3), edge(3, 1), edge(4, 2), edge(4, 3)],
            ..Graph::default()
        };
        let check = |name: &str, depth: usize, nodes: &[&str], distances: &[usize], edges: &[(usize, usize)]| {
            let (near, far) = ego(graph(), name, depth);
            assert_eq!(near.nodes.iter().map(|node| &*node.name).collect::<Vec<_>>(), nodes, "{name} {depth}");
            assert_eq!(
                (far, near.edges.iter().map(|edge| (edge.from, edge.to)).collect::<Vec<_>>()),
                (distances.to_vec(), edges.to_vec()),
                "{name} {depth}"
            );
        };
        check("bank", 0, &["bank"], &[0], &[]);
        check("bank", 1, &["bank", "pay"], &[0, 1], &[(1, 0)]);
        check("bank", 2, &["bank", "cart", "pay", "web"], &[0, 2, 1, 2], &[(1, 2), (2, 0), (3, 1), (3, 2)]);
        check("alone", 3, &["alone"], &[0], &[]);
        check("nobody", 3, &[], &[], &[]);
    }
}
