//! Rows of `edge_minutes` and services to nodes and edges.
//!
//! A peer with the name of a service is that service, whose half is missing.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use arrow::{
    array::RecordBatch,
    datatypes::{Int32Type, Int64Type, TimestampNanosecondType},
};
use schemas::columns as c;
use storage::rollup::{BEYOND_OPERATIONS, BEYOND_PEERS};

use super::peer::NodeKind;
use crate::{
    analytics::{
        minutes::{Buckets, Numbered, Texts, floats},
        red::Red,
        services::Service,
    },
    trace::{NumberColumn, TextColumn, UnexpectedType},
};

#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub kind: NodeKind,
    pub name: String,
    /// Of a database or queue.
    pub system: String,
    /// Its spans within the window; 0 of those that send none.
    pub spans: u64,
    /// What came in: by its own spans, or by those of its callers where it sends none.
    pub calls: Red,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    /// Indices into the nodes.
    pub from: usize,
    pub to: usize,
    /// As the caller sees it: its own duration where it has a client span, and a failure of either half.
    pub calls: Red,
    /// Calls of which one half is known: that of the caller.
    pub one_sided: f64,
    /// Of the calling spans, or of those that were called where the caller has none; the commonest first. `None`: of all those that the
    /// caller has too many of.
    pub operations: Vec<(Option<String>, f64)>,
    /// The commonest; empty where nothing says.
    pub protocol: String,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Graph {
    /// In order of kind and name.
    pub nodes: Vec<Node>,
    /// In order of `from` and `to`.
    pub edges: Vec<Edge>,
    /// Calls of which nothing says whom they reach.
    pub unlinked: f64,
    /// Calls that came in with a caller whose span is not there.
    pub orphans: f64,
}

/// Columns of `edge_minutes` that [`Calls::add`] reads.
pub const CALL_COLUMNS: [&str; 15] = [
    c::TIME,
    c::SERVICE_NAME,
    c::DEPLOYMENT_ENVIRONMENT,
    c::PEER,
    c::PEER_KIND,
    c::OPERATION,
    c::PROTOCOL,
    c::ONE_SIDED,
    c::BEYOND_LIMIT,
    c::COUNT,
    c::ERRORS,
    c::NEGATIVE_COUNT,
    c::ZERO_COUNT,
    c::DURATION_SUM_NS,
    c::DURATION_BUCKETS,
];

/// Rows added up. Takes memory for each edge and operation, not for rows.
#[derive(Debug, Default)]
pub struct Calls {
    texts: Texts,
    edges: HashMap<Between, Counted>,
    unlinked: f64,
    orphans: f64,
}

/// Texts are numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Between {
    from: u32,
    kind: NodeKind,
    to: u32,
    /// Of a database or queue.
    system: u32,
}

#[derive(Debug, Clone, Default)]
struct Counted {
    calls: Red,
    one_sided: f64,
    /// `None`: beyond the limit.
    operations: BTreeMap<Option<u32>, f64>,
    protocols: BTreeMap<u32, f64>,
}

impl Counted {
    fn merge(&mut self, other: &Self) {
        self.calls.merge(&other.calls);
        self.one_sided += other.one_sided;
        other.operations.iter().for_each(|(operation, count)| *self.operations.entry(*operation).or_default() += count);
        other.protocols.iter().for_each(|(protocol, count)| *self.protocols.entry(*protocol).or_default() += count);
    }
}

/// A node while edges are put together: kind, name, system.
type Key = (NodeKind, Arc<str>, Arc<str>);

impl Calls {
    /// Adds the rows of a batch that has [`CALL_COLUMNS`]: those whose minute is wanted, of callers in `environment`, or of all.
    ///
    /// # Errors
    /// When a column has another type than its table says.
    pub fn add(&mut self, batch: &RecordBatch, environment: Option<&str>, wanted: impl Fn(i64) -> bool) -> Result<(), UnexpectedType> {
        let time = NumberColumn::<TimestampNanosecondType>::of(batch, c::TIME)?;
        let text = |name| Ok::<_, UnexpectedType>(Numbered::new(TextColumn::of(batch, name)?));
        let [mut service, mut peer] = [text(c::SERVICE_NAME)?, text(c::PEER)?];
        let [mut operation, mut protocol] = [text(c::OPERATION)?, text(c::PROTOCOL)?];
        let [whose, kind] = [TextColumn::of(batch, c::DEPLOYMENT_ENVIRONMENT)?, TextColumn::of(batch, c::PEER_KIND)?];
        let [one_sided, beyond] = [c::ONE_SIDED, c::BEYOND_LIMIT].map(|name| NumberColumn::<Int32Type>::of(batch, name));
        let (one_sided, beyond) = (one_sided?, beyond?);
        let [count, errors, negative, zero] = [c::COUNT, c::ERRORS, c::NEGATIVE_COUNT, c::ZERO_COUNT].map(|name| floats(batch, name));
        let (count, errors, negative, zero) = (count?, errors?, negative?, zero?);
        let sum_ns = NumberColumn::<Int64Type>::of(batch, c::DURATION_SUM_NS)?;
        let buckets = Buckets::of(batch)?;
        for row in 0..batch.num_rows() {
            let is_wanted = time.get(row).is_some_and(&wanted) && environment.is_none_or(|wanted| whose.get(row) == Some(wanted));
            if !is_wanted {
                continue;
            }
            let (calls, beyond) = (count.get(row).unwrap_or_default(), beyond.get(row).unwrap_or_default());
            let kind = match kind.get(row) {
                None => {
                    self.unlinked += calls;
                    continue;
                }
                Some("caller") => {
                    self.orphans += calls;
                    continue;
                }
                Some(_) if beyond & BEYOND_PEERS != 0 => NodeKind::Other,
                Some("service") => NodeKind::Service,
                Some("database") => NodeKind::Database,
                Some("queue") => NodeKind::Queue,
                Some(_) => NodeKind::External,
            };
            let texts = &mut self.texts;
            let protocol = protocol.get(row, texts);
            let to = if kind == NodeKind::Other { texts.number(OTHER) } else { peer.get(row, texts) };
            let system = if matches!(kind, NodeKind::Database | NodeKind::Queue) { protocol } else { texts.number("") };
            let edge = self.edges.entry(Between { from: service.get(row, texts), kind, to, system }).or_default();
            edge.calls.count += calls;
            edge.calls.errors += errors.get(row).unwrap_or_default();
            edge.calls.sum_ns = edge.calls.sum_ns.saturating_add(sum_ns.get(row).unwrap_or_default());
            // Clocks went back: as if no time had passed.
            edge.calls.durations.add_zero(zero.get(row).unwrap_or_default() + negative.get(row).unwrap_or_default());
            edge.calls.durations.add_buckets(buckets.get(row));
            edge.one_sided += if one_sided.get(row) == Some(1) { calls } else { 0.0 };
            let operation = (beyond & BEYOND_OPERATIONS == 0).then(|| operation.get(row, texts));
            *edge.operations.entry(operation).or_default() += calls;
            *edge.protocols.entry(protocol).or_default() += calls;
        }
        Ok(())
    }

    /// The graph of these calls among `services`, those that sent spans.
    pub fn graph(&self, services: &[Service]) -> Graph {
        let nothing: Arc<str> = "".into();
        let of_service = |name: Arc<str>| -> Key { (NodeKind::Service, name, Arc::clone(&nothing)) };
        let node = |key: &Key| Node { kind: key.0, name: key.1.to_string(), system: key.2.to_string(), spans: 0, calls: Red::default() };
        let mut nodes: BTreeMap<Key, Node> = BTreeMap::new();
        for service in services {
            let key = of_service(service.name.as_str().into());
            let own = Node { spans: service.spans.round() as u64, calls: service.calls.clone(), ..node(&key) };
            nodes.insert(key, own);
        }
        let mut edges: BTreeMap<(Key, Key), Counted> = BTreeMap::new();
        for (between, counted) in &self.edges {
            let [from, to, system] = [between.from, between.to, between.system].map(|number| self.texts.get(number));
            let (from, named) = (of_service(from), of_service(Arc::clone(&to)));
            let is_service = between.kind != NodeKind::Other && nodes.contains_key(&named) && named != from;
            let to = if is_service { named } else { (between.kind, to, system) };
            edges.entry((from, to)).or_default().merge(counted);
        }
        for (from, to) in edges.keys() {
            [from, to].into_iter().for_each(|key| {
                nodes.entry(key.clone()).or_insert_with(|| node(key));
            });
        }
        for ((_, to), edge) in &edges {
            if let Some(called) = nodes.get_mut(to).filter(|called| called.spans == 0) {
                called.calls.merge(&edge.calls);
            }
        }
        let places: BTreeMap<&Key, usize> = nodes.keys().enumerate().map(|(place, key)| (key, place)).collect();
        let edge = |((from, to), counted): (&(Key, Key), &Counted)| Edge {
            from: places[from],
            to: places[to],
            calls: counted.calls.clone(),
            one_sided: counted.one_sided,
            operations: self.commonest(counted.operations.iter().map(|(operation, calls)| (*operation, *calls))),
            protocol: self
                .commonest(counted.protocols.iter().map(|(protocol, calls)| (Some(*protocol), *calls)))
                .into_iter()
                .filter_map(|(protocol, _)| protocol)
                .find(|protocol| !protocol.is_empty())
                .unwrap_or_default(),
        };
        let edges = edges.iter().map(edge).collect();
        Graph { edges, nodes: nodes.into_values().collect(), unlinked: self.unlinked, orphans: self.orphans }
    }

    fn commonest(&self, counts: impl Iterator<Item = (Option<u32>, f64)>) -> Vec<(Option<String>, f64)> {
        let text = |number: Option<u32>| number.map(|number| self.texts.get(number).to_string());
        let mut sorted: Vec<(Option<String>, f64)> = counts.map(|(number, count)| (text(number), count)).collect();
        sorted.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        sorted
    }
}

/// The name of what is beyond the limit.
const OTHER: &str = "other";
