//! Rule files --> rules. Everything that can be wrong is said here, by line, and nothing later.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use regex::RegexBuilder;
use toml::Spanned;

use super::{
    encoding::Encoding,
    error::{Mistakes, RuleErrors},
    field::Field,
    file::{
        ActionSource, ConditionSource, EncodingSource, FrameworkSource, On, RejectionSource, RuleFile, RuleSource, SignalKind,
        SignalSource, Templates,
    },
    framework::{Framework, Frameworks},
    matching::{Condition, Test},
    names::NamePattern,
    rules::{ActionRule, RejectionRule, Rule, SignalRule, Word},
    template::Template,
    words,
};
use crate::{
    codes::ExtractConfig,
    facts::{Action, RejectionKind, State},
};

mod library;
mod trigger;

/// A regex of a rule takes at most this much memory.
const REGEX_BYTES_MAX: usize = 1 << 20;

#[derive(Default)]
pub(super) struct Compiler {
    /// By id; `None`: switched off.
    rules: BTreeMap<String, Option<Arc<Rule>>>,
    frameworks: BTreeMap<String, Framework>,
    encodings: BTreeMap<String, Encoding>,
    /// Of the last file that says which.
    extract: ExtractConfig,
}

impl Compiler {
    /// Reads a file over those before it.
    pub fn add(&mut self, file: &str, text: &str, shipped: bool) -> Result<(), RuleErrors> {
        let mut mistakes = Mistakes::new(file, text);
        match toml::from_str::<RuleFile>(text) {
            Ok(source) => self.add_all(source, shipped, &mut mistakes),
            Err(error) => mistakes.add(error.span().unwrap_or_default(), "file", error.message().trim()),
        }
        mistakes.finish()
    }

    /// Rules by falling priority, libraries, and where codes are looked for.
    pub fn finish(self) -> (Vec<Arc<Rule>>, Frameworks, ExtractConfig) {
        let mut rules: Vec<Arc<Rule>> = self.rules.into_values().flatten().collect();
        rules.sort_by_key(|rule| (rule.fallback, -i64::from(rule.priority)));
        let frameworks = Frameworks { all: self.frameworks.into_values().collect(), encodings: self.encodings.into_iter().collect() };
        (rules, frameworks, self.extract)
    }

    fn add_all(&mut self, file: RuleFile, shipped: bool, mistakes: &mut Mistakes<'_>) {
        for encoding in file.encoding {
            let span = encoding.span();
            let source = encoding.into_inner();
            let id = source.id.clone();
            if let Some(encoding) = encoding_of(&source, span, mistakes) {
                self.encodings.insert(id, encoding);
            }
        }
        for framework in file.framework {
            self.add_framework(framework.into_inner(), mistakes);
        }
        if let Some(extract) = file.extract {
            match extract.as_ref().check() {
                Ok(()) => self.extract = extract.into_inner(),
                Err(error) => mistakes.add(extract.span(), "`extract`", error.to_string()),
            }
        }
        let mut lines: BTreeMap<String, Range<usize>> = BTreeMap::new();
        for rule in file.rule {
            let span = rule.span();
            let source = rule.into_inner();
            if lines.insert(source.id.clone(), span.clone()).is_some() {
                mistakes.add(span.clone(), format!("rule `{}`, `id`", source.id), "is the id of another rule of this file");
            }
            if !source.enabled {
                self.rules.insert(source.id, None);
                continue;
            }
            let id = source.id.clone();
            let mut place = Place { rule: &id, span, mistakes, shipped, encodings: &self.encodings };
            if let Some(rule) = rule_of(source, &mut place) {
                self.rules.insert(id, Some(Arc::new(rule)));
            }
        }
    }

    fn add_framework(&mut self, source: FrameworkSource, mistakes: &mut Mistakes<'_>) {
        if let Some(id) = &source.encoding
            && !self.encodings.contains_key(id.as_ref())
        {
            mistakes.add(id.span(), format!("framework `{}`, `encoding`", source.id), format!("there is no encoding {:?}", id.as_ref()));
        }
        let framework = library::framework_of(source, mistakes);
        self.frameworks.insert(framework.id.clone(), framework);
    }
}

fn encoding_of(source: &EncodingSource, span: Range<usize>, mistakes: &mut Mistakes<'_>) -> Option<Encoding> {
    let place = |field: &str| format!("encoding `{}`, `{field}`", source.id);
    let mut states = Vec::new();
    let mut whole = true;
    for (number, word) in &source.states {
        match (number.parse::<f64>(), words::state(word.as_ref())) {
            (Ok(number), Some(state)) => states.push((number, state)),
            (Err(_), _) => {
                mistakes.add(span.clone(), place("states"), format!("{number:?} is not a number"));
                whole = false;
            }
            (_, None) => {
                mistakes.add(word.span(), place("states"), unknown_state(word.as_ref()));
                whole = false;
            }
        }
    }
    let positive = match &source.positive {
        None => None,
        Some(word) => match words::state(word.as_ref()) {
            None => {
                mistakes.add(word.span(), place("positive"), unknown_state(word.as_ref()));
                return None;
            }
            state => state,
        },
    };
    whole.then_some(Encoding { states, positive })
}

fn unknown_state(word: &str) -> String {
    format!("unknown state {word:?}; states are closed, open, half_open, forced_open, disabled, metrics_only and unknown")
}

/// The rule that is read, for messages.
struct Place<'a, 'b> {
    rule: &'a str,
    span: Range<usize>,
    mistakes: &'a mut Mistakes<'b>,
    shipped: bool,
    encodings: &'a BTreeMap<String, Encoding>,
}

impl Place<'_, '_> {
    fn wrong(&mut self, span: Range<usize>, field: &str, why: impl Into<String>) {
        self.mistakes.add(span, format!("rule `{}`, `{field}`", self.rule), why);
    }

    fn template(&mut self, field: &str, source: Option<&Spanned<Templates>>) -> Option<Template> {
        let source = source?;
        match Template::parse(&source.as_ref().0) {
            Ok(template) => Some(template),
            Err(why) => {
                self.wrong(source.span(), field, why);
                None
            }
        }
    }

    fn word<T: Copy>(
        &mut self,
        field: &str,
        source: Option<&Spanned<Templates>>,
        map: &BTreeMap<String, Spanned<String>>,
        parse: fn(&str) -> Option<T>,
        unknown: fn(&str) -> String,
    ) -> Option<Word<T>> {
        let template = self.template(field, source)?;
        let mut words = Vec::new();
        for (name, word) in map {
            match parse(word.as_ref()) {
                Some(value) => words.push((name.clone(), value)),
                None => self.wrong(word.span(), &format!("{field}.map"), unknown(word.as_ref())),
            }
        }
        let word = Word { template, map: words, parse };
        if let (Some(constant), Some(source)) = (word.template.constant(), source)
            && word.read(constant).is_none()
        {
            self.wrong(source.span(), field, unknown(constant));
        }
        Some(word)
    }
}

fn rule_of(source: RuleSource, place: &mut Place<'_, '_>) -> Option<Rule> {
    let before = place.mistakes.count();
    let whole = place.span.clone();
    let mut conditions = Vec::new();
    for (index, condition) in source.when.iter().enumerate() {
        conditions_of(condition.as_ref(), condition.span(), &format!("when[{index}]"), place, &mut conditions);
    }
    let is_of_metrics = source.on.iter().any(|on| matches!(on, On::Gauge | On::Sum | On::Histogram));
    let is_of_records = source.on.iter().any(|on| matches!(on, On::Span | On::Log));
    if source.on.is_empty() || is_of_metrics && is_of_records {
        place.wrong(whole.clone(), "on", "must name kinds of metrics, or span and log");
    }
    if is_of_metrics == source.metric.is_empty() {
        place.wrong(whole.clone(), "metric", "names the metrics of a rule on metrics, and of no other");
    }
    if source.confidence.as_ref() > &100 {
        place.wrong(source.confidence.span(), "confidence", "must be at most 100");
    }
    if source.rejection.is_none() && source.signal.is_none() && source.action.is_none() {
        place.wrong(whole.clone(), "rejection", "a rule makes a `rejection`, a `signal` or an `action`");
    }
    let uses_text = conditions.iter().any(|condition| matches!(condition.field, Field::Text));
    let uses_event = source.on.contains(&On::Span)
        && conditions.iter().any(|condition| matches!(condition.field, Field::EventName | Field::EventAttribute(_)));
    let rejection = source.rejection.as_ref().and_then(|rejection| rejection_of(rejection.as_ref(), place));
    let signal = source.signal.as_ref().and_then(|signal| signal_of(signal.as_ref(), signal.span(), is_of_metrics, place));
    let action = source.action.as_ref().and_then(|action| action_of(action.as_ref(), place));
    let triggers = trigger::of(&source.on, &conditions);
    if let Err((field, why)) = &triggers {
        place.wrong(whole, field, *why);
    }
    let mut rule = Rule {
        on: source.on,
        priority: source.priority,
        confidence: *source.confidence.as_ref(),
        access_log: source.access_log,
        fallback: source.fallback,
        metric: source.metric.iter().map(|pattern| NamePattern::new(pattern)).collect(),
        uses_text,
        uses_event,
        split: place.template("split", source.split.as_ref()),
        framework: place.template("framework", source.framework.as_ref()),
        frameworks: source.frameworks,
        mechanism: source.mechanism.map(Into::into),
        name: place.template("name", source.name.as_ref()),
        operation: place.template("operation", source.operation.as_ref()),
        target: place.template("target", source.target.as_ref()),
        count: place.template("count", source.count.as_ref()),
        rejection,
        signal,
        action,
        span_trigger: super::rules::Trigger::Nothing,
        log_trigger: super::rules::Trigger::Nothing,
        conditions,
        id: source.id,
        about: source.about,
        file: Arc::from(place.mistakes.file()),
        shipped: place.shipped,
    };
    (rule.span_trigger, rule.log_trigger) = triggers.ok()?;
    groups_exist(&rule, place);
    (place.mistakes.count() == before).then_some(rule)
}

/// `re.<group>` must name a group of a regex of the rule.
fn groups_exist(rule: &Rule, place: &mut Place<'_, '_>) {
    let known: Vec<&str> = rule
        .conditions
        .iter()
        .filter_map(|condition| match &condition.test {
            Test::Regex(regex) => Some(regex.capture_names().flatten()),
            _ => None,
        })
        .flatten()
        .collect();
    let templates = rule.templates();
    let unknown: Vec<String> = templates
        .iter()
        .flat_map(|template| template.fields())
        .filter_map(|field| match field {
            Field::Group(name) if !known.contains(&name.as_str()) => Some(name.clone()),
            _ => None,
        })
        .collect();
    for name in unknown {
        let span = place.span.clone();
        place.wrong(span, &format!("re.{name}"), "no regex of the rule has this group");
    }
}

fn conditions_of(source: &ConditionSource, span: Range<usize>, at: &str, place: &mut Place<'_, '_>, conditions: &mut Vec<Condition>) {
    let field = match Field::parse(&source.field) {
        Ok(field) => field,
        Err(why) => return place.wrong(span, &format!("{at}.field"), why),
    };
    let texts = |source: &Option<Templates>, test: fn(Vec<String>) -> Test| source.as_ref().map(|texts| test(texts.0.clone()));
    let mut tests: Vec<Test> = [
        texts(&source.eq, Test::Equals),
        texts(&source.prefix, Test::Prefix),
        texts(&source.not_prefix, Test::NotPrefix),
        texts(&source.contains, Test::contains),
        texts(&source.not_contains, Test::not_contains),
        source.exists.map(Test::Exists),
        source.at_least.map(Test::AtLeast),
        source.below.map(Test::Below),
    ]
    .into_iter()
    .flatten()
    .collect();
    if let Some(pattern) = &source.regex {
        match RegexBuilder::new(pattern).dot_matches_new_line(true).size_limit(REGEX_BYTES_MAX).build() {
            Ok(regex) => tests.push(Test::Regex(regex)),
            Err(error) => {
                let text = error.to_string();
                let why = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                return place.wrong(span, &format!("{at}.regex"), format!("{why} in {pattern:?}"));
            }
        }
    }
    if tests.is_empty() {
        return place.wrong(
            span,
            at,
            "compares with nothing; comparisons are eq, contains, not_contains, prefix, not_prefix, regex, exists, at_least and below",
        );
    }
    conditions.extend(tests.into_iter().map(|test| Condition { field: field.clone(), test }));
}

fn rejection_of(source: &RejectionSource, place: &mut Place<'_, '_>) -> Option<RejectionRule> {
    let unknown = |word: &str| format!("unknown kind {word:?} of a rejection");
    let kind = place.word("rejection.kind", Some(&source.kind), &source.map, RejectionKind::from_word, unknown)?;
    if let Some(library) = &source.half_open_of
        && kind.template.constant().and_then(RejectionKind::from_word) != Some(RejectionKind::Unknown429)
    {
        place.wrong(library.span(), "rejection.half_open_of", "is for refusals of the kind unknown_429");
    }
    Some(RejectionRule {
        kind,
        code: place.template("rejection.code", source.code.as_ref()),
        reason: place.template("rejection.reason", source.reason.as_ref()),
        http_status: place.template("rejection.http_status", source.http_status.as_ref()),
        grpc_status: place.template("rejection.grpc_status", source.grpc_status.as_ref()),
        propagated: source.propagated,
        half_open_of: source.half_open_of.as_ref().map(|library| library.as_ref().clone()),
    })
}

fn signal_of(source: &SignalSource, span: Range<usize>, is_of_metrics: bool, place: &mut Place<'_, '_>) -> Option<SignalRule> {
    let mut state = |field: &str, source_of: &Option<Spanned<Templates>>| -> Option<Word<State>> {
        place.word(field, source_of.as_ref(), &source.map, words::state, unknown_state)
    };
    let rule = (state("signal.from", &source.from), state("signal.to", &source.to), state("signal.state", &source.state));
    let (from, to, state) = rule;
    let needs = match source.kind {
        SignalKind::Transition | SignalKind::Counter if source.to.is_none() => Some("to"),
        SignalKind::OneHot | SignalKind::Seen if source.state.is_none() => Some("state"),
        _ => None,
    };
    if let Some(field) = needs {
        place.wrong(span.clone(), &format!("signal.{field}"), "is missing for this kind of signal");
    }
    if is_of_metrics != matches!(source.kind, SignalKind::Counter | SignalKind::OneHot | SignalKind::Gauge) {
        place.wrong(span, "signal.kind", "counter, one_hot and gauge are signals of metrics; transition, seen and config_reload are not");
    }
    if let Some(encoding) = &source.encoding
        && !place.encodings.contains_key(encoding.as_ref())
    {
        place.wrong(encoding.span(), "signal.encoding", format!("there is no encoding {:?}", encoding.as_ref()));
    }
    Some(SignalRule {
        kind: source.kind,
        from,
        to,
        state,
        encoding: source.encoding.as_ref().map(|encoding| encoding.as_ref().clone()),
        cause: place.template("signal.cause", source.cause.as_ref()),
        text: place.template("signal.text", source.text.as_ref()),
    })
}

fn action_of(source: &ActionSource, place: &mut Place<'_, '_>) -> Option<ActionRule> {
    let unknown = |word: &str| format!("unknown action {word:?}; actions are retry, timeout, fallback, hedge, eject and uneject");
    let action = place.word("action.action", Some(&source.action), &source.map, Action::from_word, unknown)?;
    Some(ActionRule {
        action,
        outcome: place.template("action.outcome", source.outcome.as_ref()),
        attempt: place.template("action.attempt", source.attempt.as_ref()),
    })
}
