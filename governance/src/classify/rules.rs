//! Rules as they are applied.

use std::{
    collections::BTreeSet,
    sync::{Arc, LazyLock},
};

use xxhash_rust::xxh3::xxh3_64;

use super::{
    builtin::BUILT_IN,
    compile::Compiler,
    error::RuleErrors,
    file::{On, SignalKind},
    framework::Frameworks,
    matching::Condition,
    names::NamePattern,
    prefilter::Prefilter,
    template::Template,
};
use crate::{
    codes::Extractor,
    facts::{Action, Mechanism, RejectionKind, State},
    fold::{Library, Parameters},
};

/// All rules, ready to be applied to batches. Cheap to share, made once per change of a file.
#[derive(Debug, Clone)]
pub struct Rules {
    /// By falling priority.
    pub(super) spans: Vec<Arc<Rule>>,
    pub(super) logs: Vec<Arc<Rule>>,
    pub(super) metrics: Vec<Arc<Rule>>,
    pub(super) span_texts: Prefilter,
    pub(super) span_attributes: Prefilter,
    pub(super) log_texts: Prefilter,
    /// Positions of columns that are looked at in every row that has a value there.
    pub(super) span_columns: BTreeSet<usize>,
    pub(super) log_columns: BTreeSet<usize>,
    pub(super) frameworks: Frameworks,
    pub(super) extractor: Extractor,
    version: u64,
}

impl Rules {
    /// The rules that are shipped.
    ///
    /// # Panics
    /// Never: a test reads them.
    pub fn built_in() -> Self {
        Self::compile(&[]).expect("the shipped rules are valid: a test")
    }

    /// [`Self::built_in`], made once.
    pub fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<Rules> = LazyLock::new(Rules::built_in);
        &SHIPPED
    }

    /// The shipped rules with those of a file laid over them: what has the same id takes its place. `file` is its name in errors.
    ///
    /// # Errors
    /// Everything that is wrong with the file, by line.
    pub fn with_overlay(file: &str, text: &str) -> Result<Self, RuleErrors> {
        Self::compile(&[(file, text)])
    }

    /// So too, with several files, `(name, text)`: each over those before it.
    ///
    /// # Errors
    /// Everything that is wrong with the first file that has a mistake, by line.
    pub fn with_overlays(files: &[(&str, &str)]) -> Result<Self, RuleErrors> {
        Self::compile(files)
    }

    /// What a fold must know of the rules that made its facts.
    pub fn parameters(&self) -> Parameters {
        let rules = self.spans.iter().chain(&self.logs);
        let half_open = rules.filter_map(|rule| Some((rule.id.clone(), rule.rejection.as_ref()?.half_open_of.clone()?)));
        let libraries = self.frameworks.all.iter().filter(|framework| framework.library != Library::default());
        Parameters {
            half_open: half_open.collect(),
            libraries: libraries.map(|framework| (framework.id.clone(), framework.library)).collect(),
        }
    }

    /// A hash of the texts of all rules: facts of one version were made by the same rules.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        let all = self.spans.iter().chain(&self.logs).chain(&self.metrics);
        all.map(|rule| rule.id.as_str()).collect::<BTreeSet<_>>().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn compile(overlays: &[(&str, &str)]) -> Result<Self, RuleErrors> {
        let mut compiler = Compiler::default();
        let mut texts = Vec::new();
        let shipped = BUILT_IN.iter().map(|file| (file, true));
        for ((file, text), shipped) in shipped.chain(overlays.iter().map(|file| (file, false))) {
            compiler.add(file, text, shipped)?;
            texts.extend_from_slice(text.as_bytes());
        }
        let (rules, frameworks, extract) = compiler.finish();
        let of = |kinds: &[On]| rules.iter().filter(|rule| rule.on.iter().any(|on| kinds.contains(on))).cloned().collect::<Vec<_>>();
        let spans = of(&[On::Span]);
        let logs = of(&[On::Log]);
        let literals = |rules: &[Arc<Rule>], wanted: &dyn Fn(&Rule) -> Option<Vec<String>>| -> BTreeSet<String> {
            rules.iter().filter_map(|rule| wanted(rule)).flatten().collect()
        };
        let in_texts = literals(&spans, &|rule| match &rule.span_trigger {
            Trigger::Text(literals) => Some(literals.clone()),
            _ => None,
        });
        let in_attributes = literals(&spans, &|rule| match &rule.span_trigger {
            Trigger::Attributes(literals) => Some(literals.clone()),
            _ => None,
        });
        let in_logs = literals(&logs, &|rule| match &rule.log_trigger {
            Trigger::Text(literals) | Trigger::Attributes(literals) => Some(literals.clone()),
            _ => None,
        });
        let column = |trigger: &Trigger| match trigger {
            Trigger::Column(position) => Some(*position),
            _ => None,
        };
        Ok(Self {
            span_texts: Prefilter::new(&in_texts),
            span_attributes: Prefilter::new(&in_attributes),
            log_texts: Prefilter::new(&in_logs),
            span_columns: spans.iter().filter_map(|rule| column(&rule.span_trigger)).collect(),
            log_columns: logs.iter().filter_map(|rule| column(&rule.log_trigger)).collect(),
            metrics: of(&[On::Gauge, On::Sum, On::Histogram]),
            spans,
            logs,
            frameworks,
            extractor: Extractor::of(extract),
            version: xxh3_64(&texts),
        })
    }
}

#[derive(Debug)]
pub(super) struct Rule {
    pub id: String,
    /// What it sees, for people.
    pub about: Option<String>,
    /// Name of the file it is from.
    pub file: Arc<str>,
    /// The file is one of ours.
    pub shipped: bool,
    pub on: Vec<On>,
    pub priority: i32,
    pub confidence: u8,
    pub access_log: bool,
    pub fallback: bool,
    pub metric: Vec<NamePattern>,
    pub conditions: Vec<Condition>,
    /// Conditions look at the texts of a record; they must hold for the same one.
    pub uses_text: bool,
    /// Conditions look at span events; they must hold for the same one.
    pub uses_event: bool,
    pub split: Option<Template>,
    pub framework: Option<Template>,
    /// Of the known libraries, those that write what the rule looks for; empty: any.
    pub frameworks: Vec<String>,
    pub mechanism: Option<Mechanism>,
    pub name: Option<Template>,
    pub operation: Option<Template>,
    pub target: Option<Template>,
    pub count: Option<Template>,
    pub rejection: Option<RejectionRule>,
    pub signal: Option<SignalRule>,
    pub action: Option<ActionRule>,
    pub span_trigger: Trigger,
    pub log_trigger: Trigger,
}

impl Rule {
    /// All templates of its facts.
    pub fn templates(&self) -> Vec<&Template> {
        let of_rejection = self.rejection.iter().flat_map(|rejection| {
            let optional = [&rejection.code, &rejection.reason, &rejection.http_status, &rejection.grpc_status];
            optional.into_iter().flatten().chain([&rejection.kind.template])
        });
        let of_signal = self.signal.iter().flat_map(|signal| {
            let states = [&signal.from, &signal.to, &signal.state];
            states.into_iter().flatten().map(|word| &word.template).chain([&signal.cause, &signal.text].into_iter().flatten())
        });
        let of_action =
            self.action.iter().flat_map(|action| [&action.outcome, &action.attempt].into_iter().flatten().chain([&action.action.template]));
        let own = [&self.split, &self.framework, &self.name, &self.operation, &self.target, &self.count];
        own.into_iter().flatten().chain(of_rejection).chain(of_signal).chain(of_action).collect()
    }
}

/// What a row must have to be looked at.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Trigger {
    /// One of these in a text of the record.
    Text(Vec<String>),
    /// One of these in the JSON of the attributes or, of a log record, of its body.
    Attributes(Vec<String>),
    /// A value in the column at this position of its table.
    Column(usize),
    /// An HTTP or gRPC status of a refusal.
    Status,
    /// Rules of the other tables.
    Nothing,
}

/// A word out of a template, which a table may turn into another.
#[derive(Debug, Clone)]
pub(super) struct Word<T> {
    pub template: Template,
    pub map: Vec<(String, T)>,
    /// Reads words that the table does not have.
    pub parse: fn(&str) -> Option<T>,
}

impl<T: Copy> Word<T> {
    pub fn read(&self, word: &str) -> Option<T> {
        let mapped = self.map.iter().find_map(|(name, value)| (name == word).then_some(*value));
        mapped.or_else(|| (self.parse)(word))
    }
}

#[derive(Debug)]
pub(super) struct RejectionRule {
    pub kind: Word<RejectionKind>,
    pub code: Option<Template>,
    pub reason: Option<Template>,
    pub http_status: Option<Template>,
    pub grpc_status: Option<Template>,
    pub propagated: bool,
    /// The library whose half open breakers refuse like this.
    pub half_open_of: Option<String>,
}

#[derive(Debug)]
pub(super) struct SignalRule {
    pub kind: SignalKind,
    pub from: Option<Word<State>>,
    pub to: Option<Word<State>>,
    pub state: Option<Word<State>>,
    pub encoding: Option<String>,
    pub cause: Option<Template>,
    pub text: Option<Template>,
}

#[derive(Debug)]
pub(super) struct ActionRule {
    pub action: Word<Action>,
    pub outcome: Option<Template>,
    pub attempt: Option<Template>,
}
