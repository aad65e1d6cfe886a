//! Lines of one request that nothing tells apart.

use crate::{
    facts::{Amount, Rejection, Source},
    fold::same_but_amount,
};

/// Adds such rejections up. Lines without ids that share a millisecond are so many calls; one by one a fold would take all but the first
/// for the same record once more, as a sender repeats it.
pub(super) fn add_up(rejections: &mut Vec<Rejection>) {
    let is_nameless = |rejection: &Rejection| {
        matches!(rejection.evidence.source, Source::Log | Source::AccessLog)
            && rejection.evidence.trace_id.is_none()
            && rejection.evidence.span_id.is_none()
    };
    let mut lines: Vec<usize> = (0..rejections.len()).filter(|place| is_nameless(&rejections[*place])).collect();
    if lines.len() < 2 {
        return;
    }
    lines.sort_by(|a, b| same_but_amount(&(&rejections[*a]).into(), &(&rejections[*b]).into()));
    let mut repeated = vec![false; rejections.len()];
    let mut first = lines[0];
    for &line in &lines[1..] {
        match (rejections[first].amount, rejections[line].amount) {
            (Amount::Count(sum), Amount::Count(more))
                if same_but_amount(&(&rejections[first]).into(), &(&rejections[line]).into()).is_eq() =>
            {
                rejections[first].amount = Amount::Count(sum + more);
                repeated[line] = true;
            }
            _ => first = line,
        }
    }
    let mut repeated = repeated.into_iter();
    rejections.retain(|_| repeated.next() == Some(false));
}
