//! What the numbers of a state gauge mean. Libraries contradict each other: 1 is half open, open or even closed.

use crate::facts::State;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Encoding {
    pub states: Vec<(f64, State)>,
    /// Of every other number above zero.
    pub positive: Option<State>,
}

impl Encoding {
    pub fn state(&self, value: f64) -> Option<State> {
        let named = self.states.iter().find(|(number, _)| (number - value).abs() < 1e-9);
        named.map(|(_, state)| *state).or(self.positive.filter(|_| value > 0.0))
    }
}
