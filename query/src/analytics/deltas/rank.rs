//! From counts to the answer.

use serde::Serialize;

use super::{
    bins::bins,
    profile::{Counts, Deltas, Profile},
    score::Sides,
};

/// The attributes that differ, the most telling first; of the same score by name.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Ranking {
    pub attributes: Vec<Attribute>,
    /// Attributes that either side has, those that do not differ included.
    pub attributes_compared: usize,
    /// Whether there were more than are compared.
    pub has_more_attributes: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Attribute {
    /// As searches name it.
    pub attribute: String,
    /// From 0, no more different than by chance, to 1.
    pub score: f64,
    /// Records of the selection that have it, and their share.
    pub selection_count: u64,
    pub selection_share: f64,
    pub baseline_count: u64,
    pub baseline_share: f64,
    /// Different values on both sides, before numbers become ranges.
    pub distinct_values: usize,
    /// Those that make the difference first.
    pub values: Vec<AttributeValue>,
}

#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct AttributeValue {
    pub value: Value,
    pub selection_count: u64,
    pub selection_share: f64,
    pub baseline_count: u64,
    pub baseline_share: f64,
    /// How many times as frequent in the selection, smoothed.
    pub lift: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum Value {
    Text(String),
    Number(f64),
    /// Both ends included.
    Range {
        from: f64,
        to: f64,
    },
    /// The record does not have the attribute.
    Absent,
}

impl Deltas {
    /// At most so many attributes that differ, with so many of their values.
    pub fn rank(self, attributes_max: usize, values_max: usize) -> Ranking {
        let attributes_compared = self.attributes.len();
        let sides = Sides::new(self.records);
        let mut attributes = Vec::new();
        if self.records.iter().all(|records| *records > 0) {
            let ranked = self.attributes.into_iter().map(|(name, profile)| attribute(&name, profile, self.records, sides, values_max));
            attributes.extend(ranked.filter(|attribute| attribute.score > 0.0));
        }
        attributes.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.attribute.cmp(&b.attribute)));
        attributes.truncate(attributes_max);
        Ranking { attributes, attributes_compared, has_more_attributes: self.has_more_attributes }
    }
}

fn attribute(name: &str, profile: Profile, records: Counts, sides: Sides, values_max: usize) -> Attribute {
    let distinct_values = profile.texts.len() + profile.numbers.len();
    let mut texts: Vec<(Box<str>, Counts)> = profile.texts.into_iter().collect();
    texts.sort_unstable();
    let numbers = bins(&profile.numbers, sides).into_iter().map(|bin| {
        let value = if bin.from == bin.to { Value::Number(bin.from) } else { Value::Range { from: bin.from, to: bin.to } };
        (value, bin.counts)
    });
    let mut values: Vec<(Value, Counts)> =
        texts.into_iter().map(|(text, counts)| (Value::Text(text.into()), counts)).chain(numbers).collect();
    let present = values.iter().fold([0, 0], |sum: Counts, (_, counts)| [sum[0] + counts[0], sum[1] + counts[1]]);
    let absent = [records[0].saturating_sub(present[0]), records[1].saturating_sub(present[1])];
    if absent != [0, 0] {
        values.push((Value::Absent, absent));
    }
    let score = sides.score(values.iter().map(|(_, counts)| *counts));
    // Stable: of the same weight in their own order.
    values.sort_by(|(_, a), (_, b)| weight(sides, *b).total_cmp(&weight(sides, *a)));
    values.truncate(values_max);
    let [selection_share, baseline_share] = sides.shares(present).map(rounded);
    Attribute {
        attribute: name.to_owned(),
        score: rounded(score),
        selection_count: present[0],
        selection_share,
        baseline_count: present[1],
        baseline_share,
        distinct_values,
        values: values.into_iter().map(|(value, counts)| attribute_value(value, counts, sides)).collect(),
    }
}

/// What a value has to do with the score; rare ones come last.
fn weight(sides: Sides, counts: Counts) -> f64 {
    if sides.are_enough(counts) { sides.divergence(counts) } else { -1.0 }
}

fn attribute_value(value: Value, counts: Counts, sides: Sides) -> AttributeValue {
    let [selection_share, baseline_share] = sides.shares(counts).map(rounded);
    let lift = rounded(sides.lift(counts));
    AttributeValue { value, selection_count: counts[0], selection_share, baseline_count: counts[1], baseline_share, lift }
}

/// Six digits behind the point are more than a sample can tell.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
