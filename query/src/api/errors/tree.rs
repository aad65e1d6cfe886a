//! `GET /api/v1/errors/tree`: codes by their parts, or by their classes.

use std::{collections::BTreeMap, time::Instant};

use governance::codes::{catalogue::Language, statistics::CodeCount};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Meta, to_json},
        completeness::Completeness,
        problem::Problem,
        search::{Pairs, now},
        window::unknown_parameter,
    },
    asked::Asked,
    decisions::Decisions,
    list::cost,
    load::Folds,
    row::{Context, class, kind_of_made, main_service},
};

/// Codes in the tree; the rest is one leaf.
const CODES_MAX: usize = 2000;
/// Parts that codes are put together by, the outermost first.
const LEVELS: [&str; 6] = ["service", "http", "level", "source", "class", "module"];

/// Codes of a window as a tree.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ErrorTree)]
pub(super) struct TreeAnswer {
    /// Of all codes.
    count: f64,
    children: Vec<Node>,
    completeness: Completeness,
    #[schema(value_type = Object)]
    meta: Meta,
}

/// A part of codes, or at the end a code.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = ErrorTreeNode)]
struct Node {
    name: String,
    /// What the catalogue calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    count: f64,
    /// Most frequent first; absent on a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    children: Option<Vec<Node>>,
}

#[derive(Debug, Clone, Copy)]
enum By {
    Parts,
    Class,
}

pub(super) async fn answer(folds: &Folds, pairs: Pairs, language: Language) -> Result<Vec<u8>, Problem> {
    let (started, now) = (Instant::now(), now());
    let (asked, others) = Asked::parse(pairs, now)?;
    let mut by = By::Parts;
    for (name, value) in others {
        match (name.as_str(), value.as_str()) {
            ("by", "layout") => by = By::Parts,
            ("by", "class") => by = By::Class,
            ("by", other) => {
                return Err(Problem::invalid_parameter("by", format!("codes have no order {other:?}"), "use layout or class"));
            }
            _ => {
                let known = "this route knows `start`, `end`, `range`, `service`, `environment`, `count` and `by`";
                return Err(unknown_parameter(&name, known));
            }
        }
    }
    let (told, past) = tokio::try_join!(folds.told(&asked, now), folds.past(&asked))?;
    let known = folds.known();
    let decisions = Decisions::of(&told.counts.codes, &asked.environment, &known);
    let context = Context { asked: &asked, told: &told, past: &past, known: &known, decisions: &decisions, language };
    let mut root = Branch::default();
    for code in told.counts.codes.iter().take(CODES_MAX) {
        root.add(&path(code, by, &context), leaf(code, &context));
    }
    let left: f64 = told.counts.codes.iter().skip(CODES_MAX).map(|code| code.count).sum();
    let cost = cost(&told, &past);
    let completeness = folds.completeness(&told.counts.codes, (&asked, told.left_out), &cost);
    let mut meta = cost.meta(started);
    if left > 0.0 {
        meta.truncated = true;
        meta.warnings.push(format!("{left} errors of less frequent codes are not in the tree"));
    }
    Ok(to_json(&TreeAnswer { count: told.total, children: root.children(), completeness, meta }))
}

/// Where a code stands: names and titles of what is above it.
fn path(code: &CodeCount, by: By, context: &Context<'_>) -> Vec<(String, Option<String>)> {
    let service = || (main_service(code).to_owned(), None);
    if let By::Class = by {
        return vec![(class(code, context.entry(code)).unwrap_or("unknown").to_owned(), None), service()];
    }
    if let Some(kind) = kind_of_made(&code.code) {
        return vec![(kind.to_owned(), None)];
    }
    let read = context.read(code, context.known);
    let part = |level: &&str| Some((read.parts.get(*level)?.clone(), read.names.get(*level).cloned()));
    let parts: Vec<_> = LEVELS.iter().filter_map(part).collect();
    // Nobody says how it splits.
    if parts.is_empty() { vec![service()] } else { parts }
}

fn leaf(code: &CodeCount, context: &Context<'_>) -> Node {
    let title = context.entry(code).map(|entry| entry.title.get(context.language).0.to_owned());
    Node { name: code.code.clone(), title: title.filter(|title| !title.is_empty()), count: code.count, children: None }
}

#[derive(Default)]
struct Branch {
    title: Option<String>,
    count: f64,
    branches: BTreeMap<String, Branch>,
    leaves: Vec<Node>,
}

impl Branch {
    fn add(&mut self, path: &[(String, Option<String>)], leaf: Node) {
        self.count += leaf.count;
        match path.split_first() {
            Some(((name, title), rest)) => {
                let below = self.branches.entry(name.clone()).or_default();
                below.title = below.title.take().or_else(|| title.clone());
                below.add(rest, leaf);
            }
            None => self.leaves.push(leaf),
        }
    }

    fn children(self) -> Vec<Node> {
        let node = |(name, branch): (String, Branch)| {
            let (title, count) = (branch.title.clone(), branch.count);
            Node { name, title, count, children: Some(branch.children()) }
        };
        let mut all: Vec<Node> = self.branches.into_iter().map(node).chain(self.leaves).collect();
        all.sort_by(|a, b| b.count.total_cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
        all
    }
}
