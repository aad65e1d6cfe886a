//! A rule file as people write it. The JSON Schema `rules.schema.json` is generated from these types.

use std::{collections::BTreeMap, fmt};

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor, value::SeqAccessDeserializer},
};
use toml::Spanned;

use crate::{codes::ExtractConfig, facts::Mechanism};

mod library;

pub(super) use library::{EncodingSource, FrameworkSource};

/// Rules that say what telemetry means: which records are refusals, states of circuit breakers, retries.
///
/// A file of your own is laid over the built-in ones: what has the id of a built-in entry takes its place.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// How to tell which library a record is from.
    #[serde(default)]
    #[schemars(with = "Vec<FrameworkSource>")]
    pub(super) framework: Vec<Spanned<FrameworkSource>>,
    /// What the numbers of a state gauge mean.
    #[serde(default)]
    #[schemars(with = "Vec<EncodingSource>")]
    pub(super) encoding: Vec<Spanned<EncodingSource>>,
    #[serde(default)]
    #[schemars(with = "Vec<RuleSource>")]
    pub(super) rule: Vec<Spanned<RuleSource>>,
    /// Which names of attributes and JSON members hold error codes, reasons, messages. Lists that are left out are the usual ones.
    #[serde(default)]
    #[schemars(with = "Option<ExtractConfig>")]
    pub(super) extract: Option<Spanned<ExtractConfig>>,
}

/// One rule: records of some kind that meet all conditions, and the facts they become.
///
/// Texts in `name`, `reason` and so on are templates: `op:{name}`, `{attr.peer.service|attr.rpc.service}`. `{a|b}` is the first of the
/// fields that has a value. Of a list of templates the first counts whose places all have a value.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleSource {
    pub id: String,
    /// What it sees, for people.
    #[serde(default)]
    pub about: Option<String>,
    /// False switches the rule of this id off.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Kinds of records it looks at.
    pub on: Vec<On>,
    /// Rules of higher priority are asked first; of the rules that match, the first gives the rejection, the signal, the action.
    #[serde(default = "usual_priority")]
    pub priority: i32,
    /// How sure a match is, 0 to 100.
    #[serde(default = "usual_confidence")]
    #[schemars(with = "u8", range(max = 100))]
    pub confidence: Spanned<u8>,
    /// The log is an access log: one line per request.
    #[serde(default)]
    pub access_log: bool,
    /// Only when no other rule matched the record.
    #[serde(default)]
    pub fallback: bool,
    /// Metrics: names, compared in lower case with `_` for `.`, without `_total` and units; `*` stands for anything.
    #[serde(default)]
    pub metric: Vec<String>,
    /// Conditions; all must hold.
    #[serde(default)]
    #[schemars(with = "Vec<ConditionSource>")]
    pub when: Vec<Spanned<ConditionSource>>,
    /// A template whose value is cut at commas; the facts are made for each `{part}`, and parts that mean nothing are left out.
    #[serde(default)]
    #[schemars(with = "Option<Templates>")]
    pub split: Option<Spanned<Templates>>,
    /// The library; without it, what `framework` entries say.
    #[serde(default)]
    #[schemars(with = "Option<Templates>")]
    pub framework: Option<Spanned<Templates>>,
    /// Ids of the libraries that write this. A record may be made by another one around them, such as the tracing of an RPC framework:
    /// then nobody knows the library. One that no entry has an id for was named by somebody, and is believed.
    #[serde(default)]
    pub frameworks: Vec<String>,
    #[serde(default)]
    pub mechanism: Option<MechanismWord>,
    /// Name of the breaker or limiter; without it `op:<operation>`.
    #[serde(default)]
    #[schemars(with = "Option<Templates>")]
    pub name: Option<Spanned<Templates>>,
    /// Without it the name of the span.
    #[serde(default)]
    #[schemars(with = "Option<Templates>")]
    pub operation: Option<Spanned<Templates>>,
    /// Who was called.
    #[serde(default)]
    #[schemars(with = "Option<Templates>")]
    pub target: Option<Spanned<Templates>>,
    /// Logs: how many events a record stands for; without it one.
    #[serde(default)]
    #[schemars(with = "Option<Templates>")]
    pub count: Option<Spanned<Templates>>,
    /// The record is a refusal.
    #[serde(default)]
    #[schemars(with = "Option<RejectionSource>")]
    pub rejection: Option<Spanned<RejectionSource>>,
    /// The record says something about the state of a breaker.
    #[serde(default)]
    #[schemars(with = "Option<SignalSource>")]
    pub signal: Option<Spanned<SignalSource>>,
    /// The record is something else a resilience library did.
    #[serde(default)]
    #[schemars(with = "Option<ActionSource>")]
    pub action: Option<Spanned<ActionSource>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum On {
    Span,
    Log,
    Gauge,
    Sum,
    /// Histograms of either kind and summaries: their count.
    Histogram,
}

impl On {
    /// As in a file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Span => "span",
            Self::Log => "log",
            Self::Gauge => "gauge",
            Self::Sum => "sum",
            Self::Histogram => "histogram",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum MechanismWord {
    Breaker,
    Adaptive,
    Outlier,
    ConcurrencyCap,
    Manual,
}

impl From<MechanismWord> for Mechanism {
    fn from(word: MechanismWord) -> Self {
        match word {
            MechanismWord::Breaker => Self::Breaker,
            MechanismWord::Adaptive => Self::Adaptive,
            MechanismWord::Outlier => Self::Outlier,
            MechanismWord::ConcurrencyCap => Self::ConcurrencyCap,
            MechanismWord::Manual => Self::Manual,
        }
    }
}

/// A condition on one field; every comparison it names must hold. A field without a value meets only `exists = false`, `not_prefix`
/// and `not_contains`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConditionSource {
    /// `text`, `attr.<key>`, `scope.name`, `kind`, …
    pub field: String,
    /// The value is one of these texts.
    #[serde(default)]
    pub eq: Option<Templates>,
    /// The value contains one of these texts.
    #[serde(default)]
    pub contains: Option<Templates>,
    #[serde(default)]
    pub not_contains: Option<Templates>,
    #[serde(default)]
    pub prefix: Option<Templates>,
    #[serde(default)]
    pub not_prefix: Option<Templates>,
    /// Found anywhere in the value; its named groups are the fields `re.<group>`.
    #[serde(default)]
    pub regex: Option<String>,
    #[serde(default)]
    pub exists: Option<bool>,
    /// The value is a number of at least this.
    #[serde(default)]
    pub at_least: Option<f64>,
    /// The value is a number below this.
    #[serde(default)]
    pub below: Option<f64>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RejectionSource {
    /// `breaker_open`, `half_open_limit`, `rate_limit`, `load_shed`, `bulkhead`, `concurrency_cap`, `no_healthy_host`, `retry_budget`,
    /// `unknown_503`, `unknown_429`, or a template whose value `map` turns into one.
    #[schemars(with = "Templates")]
    pub kind: Spanned<Templates>,
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub map: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    #[schemars(with = "Option<Templates>")]
    pub code: Option<Spanned<Templates>>,
    #[serde(default)]
    #[schemars(with = "Option<Templates>")]
    pub reason: Option<Spanned<Templates>>,
    /// Without it what the record says.
    #[serde(default)]
    #[schemars(with = "Option<Templates>")]
    pub http_status: Option<Spanned<Templates>>,
    #[serde(default)]
    #[schemars(with = "Option<Templates>")]
    pub grpc_status: Option<Spanned<Templates>>,
    /// The text shows that the refusal came from further down.
    #[serde(default)]
    pub propagated: bool,
    /// Of `unknown_429`: the library whose half open breakers refuse like this, as others do too. Such a refusal is believed to be of a
    /// breaker of that library, or of one that nothing tells, if exactly one was half open in the process then.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub half_open_of: Option<Spanned<String>>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignalSource {
    pub kind: SignalKind,
    /// The state before: a template whose value, after `map`, is a word for a state.
    #[serde(default)]
    #[schemars(with = "Option<Templates>")]
    pub from: Option<Spanned<Templates>>,
    #[serde(default)]
    #[schemars(with = "Option<Templates>")]
    pub to: Option<Spanned<Templates>>,
    /// Of `one_hot` and `seen`.
    #[serde(default)]
    #[schemars(with = "Option<Templates>")]
    pub state: Option<Spanned<Templates>>,
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub map: BTreeMap<String, Spanned<String>>,
    /// Of `gauge`: id of the encoding; without it that of the framework; else the numbers mean nothing yet.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub encoding: Option<Spanned<String>>,
    #[serde(default)]
    #[schemars(with = "Option<Templates>")]
    pub cause: Option<Spanned<Templates>>,
    /// The text that says why.
    #[serde(default)]
    #[schemars(with = "Option<Templates>")]
    pub text: Option<Spanned<Templates>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum SignalKind {
    /// The state changed now.
    Transition,
    /// A counter of one kind of change.
    Counter,
    /// A gauge per state, 1 for the current one.
    OneHot,
    /// A gauge with a number per state.
    Gauge,
    /// It was in this state at that time.
    Seen,
    /// Rules were loaded again; breakers start closed.
    ConfigReload,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ActionSource {
    /// `retry`, `timeout`, `fallback`, `hedge`, `eject`, `uneject`, or a template whose value `map` turns into one.
    #[schemars(with = "Templates")]
    pub action: Spanned<Templates>,
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub map: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    #[schemars(with = "Option<Templates>")]
    pub outcome: Option<Spanned<Templates>>,
    #[serde(default)]
    #[schemars(with = "Option<Templates>")]
    pub attempt: Option<Spanned<Templates>>,
}

/// One text or a list of texts.
#[derive(Debug, Clone, Default)]
pub(super) struct Templates(pub Vec<String>);

impl JsonSchema for Templates {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Texts".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" }, "minItems": 1 }] })
    }
}

impl<'de> Deserialize<'de> for Templates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOrList)
    }
}

struct TextOrList;

impl<'de> Visitor<'de> for TextOrList {
    type Value = Templates;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of texts")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Templates(vec![text.to_owned()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(items)).map(Templates)
    }
}

fn yes() -> bool {
    true
}

fn usual_priority() -> i32 {
    50
}

fn usual_confidence() -> Spanned<u8> {
    Spanned::new(0..0, 80)
}
