//! Log lines to templates: which few sentences a service says, and how often.
//!
//! A miner after Drain (He et al., ICWS 2017): one pass, a tree of fixed depth, no training. What differs from the paper:
//!
//! 1. A line becomes [`Tokens`]: words and the punctuation between them. What is obviously a value (number, id, address, time,
//!    duration, size) becomes a placeholder; Chinese runs are words of their own, so `用户10086登录失败` is three.
//! 2. The tree: root -> shape (the punctuation, and how many words) -> first word -> at most a few templates. Equal shape takes
//!    the place of Drain's equal length: `[a] b` and `a: b` never become one template.
//! 3. Of these, the most similar wins if at least half of its words are the line's. Placeholders, names of values and level words
//!    do not count: a header of time, level and trace id makes no two lines similar.
//! 4. The winner gives up the words that differ: `<*>`, or `user-<*>` and `用户<*>登录失败` where the ends agree.
//! 5. No winner: the line is a new template. At a limit it joins the most similar one all the same, or the catch-all.
//!
//! ```text
//! 12:00:01 INFO user-7 paid 3.5 for order 8f14e45fceea167a
//! 12:00:09 WARN user-8 paid 12 for order c9f0f895fb98ab91      ->  <time> <*> user-<num> paid <num> for order <hex>
//! ```
//! Lines are read once, in linear time, and every line belongs to exactly one template. The same lines in the same order give the
//! same templates. Memory is bounded by [`Limits`], whatever the lines are.

mod ends;
mod group;
mod template;
mod tokens;
mod variables;

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use serde::Serialize;

pub use self::group::{ServiceCount, Severities};
use self::{
    group::Group,
    template::{Similarity, Template},
    tokens::{Kind, Tokens},
};

/// One log record, as far as patterns go.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    pub body: &'a str,
    /// As in the logs table: 1 to 24, anything else is unspecified.
    pub severity_number: i32,
    pub service_name: Option<&'a str>,
}

/// What bounds the miner. The defaults keep it below 50 MB.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Templates in all, besides the catch-all.
    pub templates_max: usize,
    /// Templates with one shape and one first word; a line is compared with each.
    pub leaf_templates_max: usize,
    /// First words with one shape; further ones share a leaf.
    pub first_words_max: u32,
    /// Share of the words that must be equal, 0 to 1.
    pub similarity_min: f64,
    /// Words and punctuation of a line that are looked at; the rest is one `<*>`.
    pub tokens_max: usize,
    /// Lines kept of each template: the first that differ.
    pub samples_max: usize,
    /// Of each sample.
    pub sample_bytes_max: usize,
    /// Services counted by name, of each template.
    pub services_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            templates_max: 2_000,
            leaf_templates_max: 32,
            first_words_max: 100,
            similarity_min: 0.5,
            tokens_max: 128,
            samples_max: 3,
            sample_bytes_max: 1_024,
            services_max: 16,
        }
    }
}

/// The templates of some lines, most frequent first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Patterns {
    pub line_count: u64,
    pub patterns: Vec<Pattern>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pattern {
    /// What [`Miner::add`] returned for its lines.
    pub id: usize,
    /// Words, `<*>` for what differs, and typed placeholders: `<num>`, `<hex>`, `<uuid>`, `<ip>`, `<time>`, `<duration>`, `<size>`.
    pub template: String,
    pub count: u64,
    /// Of all lines: 0 to 1.
    pub share: f64,
    pub severities: Severities,
    /// Most lines first.
    pub services: Vec<ServiceCount>,
    /// Lines of services that are not listed, or of none.
    pub other_services_count: u64,
    pub samples: Vec<String>,
}

/// The patterns of `lines`.
pub fn mine<'a>(lines: impl IntoIterator<Item = Line<'a>>, limits: &Limits) -> Patterns {
    let mut miner = Miner::new(*limits);
    for line in lines {
        miner.add(&line);
    }
    miner.finish()
}

/// Takes lines one by one.
#[derive(Debug)]
pub struct Miner {
    limits: Limits,
    groups: Vec<Group>,
    /// Groups by shape and first word.
    leaves: HashMap<u64, Vec<usize>>,
    /// First words by shape.
    first_words: HashMap<u64, u32>,
    catch_all: Option<usize>,
    line_count: u64,
    /// Reused, so that a line which matches allocates nothing.
    tokens: Tokens,
}

impl Miner {
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            groups: Vec::new(),
            leaves: HashMap::new(),
            first_words: HashMap::new(),
            catch_all: None,
            line_count: 0,
            tokens: Tokens::default(),
        }
    }

    /// Counts a line; gives the id of its template, which may still change its text but never loses a line.
    pub fn add(&mut self, line: &Line<'_>) -> usize {
        self.tokens.read(line.body, self.limits.tokens_max);
        self.line_count += 1;
        let (shape, leaf) = self.path();
        let id = match self.most_similar(leaf) {
            Some((id, similarity)) if similarity.is_same() => id,
            Some((id, similarity)) if similarity.is_at_least(self.limits.similarity_min) || self.is_full(leaf) => {
                self.groups[id].template.absorb(&self.tokens);
                id
            }
            _ if self.groups.len() >= self.limits.templates_max => self.catch_all(),
            _ => self.open_group(shape, leaf),
        };
        self.groups[id].count_line(line, &self.limits);
        id
    }

    pub fn finish(self) -> Patterns {
        let mut patterns: Vec<Pattern> = self.groups.into_iter().enumerate().map(|(id, group)| group.finish(id, self.line_count)).collect();
        patterns.sort_by_key(|pattern| (std::cmp::Reverse(pattern.count), pattern.id));
        Patterns { line_count: self.line_count, patterns }
    }

    /// The way through the tree: the shape of the tokens and the leaf below it. Both are hashes: what collides shares a leaf, which
    /// costs comparisons only.
    fn path(&self) -> (u64, u64) {
        let mut hasher = DefaultHasher::new();
        for part in self.tokens.parts() {
            match part.kind {
                Kind::Punctuation => self.tokens.text_of(part).hash(&mut hasher),
                Kind::Rest => 1_u8.hash(&mut hasher),
                Kind::Word | Kind::Variable | Kind::Level | Kind::Key => 0_u8.hash(&mut hasher),
            }
        }
        let shape = hasher.finish();
        let below = |word: &str| {
            let mut hasher = hasher.clone();
            word.hash(&mut hasher);
            hasher.finish()
        };
        let leaf = below(self.tokens.first_word());
        let no_room = self.first_words.get(&shape).is_some_and(|words| *words >= self.limits.first_words_max);
        (shape, if no_room && !self.leaves.contains_key(&leaf) { below("") } else { leaf })
    }

    fn is_full(&self, leaf: u64) -> bool {
        let full = self.leaves.get(&leaf).is_some_and(|groups| groups.len() >= self.limits.leaf_templates_max);
        full || self.groups.len() >= self.limits.templates_max
    }

    /// Of equally similar templates the oldest.
    fn most_similar(&self, leaf: u64) -> Option<(usize, Similarity)> {
        let mut best: Option<(usize, Similarity)> = None;
        for id in self.leaves.get(&leaf)? {
            let Some(similarity) = self.groups[*id].template.compare(&self.tokens) else { continue };
            if similarity.is_same() {
                return Some((*id, similarity));
            }
            if best.is_none_or(|(_, other)| similarity.is_more_than(other)) {
                best = Some((*id, similarity));
            }
        }
        best
    }

    fn open_group(&mut self, shape: u64, leaf: u64) -> usize {
        let id = self.groups.len();
        self.groups.push(Group::new(Template::of(&self.tokens)));
        let groups = self.leaves.entry(leaf).or_default();
        if groups.is_empty() {
            *self.first_words.entry(shape).or_default() += 1;
        }
        groups.push(id);
        id
    }

    fn catch_all(&mut self) -> usize {
        *self.catch_all.get_or_insert_with(|| {
            self.groups.push(Group::new(Template::anything()));
            self.groups.len() - 1
        })
    }
}

#[cfg(test)]
mod tests;
