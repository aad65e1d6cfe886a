//! Series of measurements: which are meant, and what they say at the steps of a chart. Pure: no I/O, no clock.
//!
//! ```text
//! labels       what names a series; `by` and `without`
//! selector     `name{label="v", other=~"re"}`: text to matchers
//! directory    which series there are
//! gather       batches of table `metrics`, in any order -> frame
//! frame        points as sorted Arrow: series after series, each by time
//! steps        the times that are asked for, and which points are within reach of each
//! extrapolate  what is known of a part of a window, to the whole of it
//! counter      sums that only rise: resets, increase
//! numbers      one series of numbers at every step: value, increase, rate
//! histogram    one distribution: merge, difference, quantile
//! distributions one series of histograms at every step
//! aggregate    many series to few: sum, average, quantile, the greatest
//! evaluate     a frame and a question -> rows of values
//! exemplars    single measurements that have a trace
//! ```
//! Semantics are those of Prometheus, so that its language can stand on [`evaluate`]; what OTLP says beyond it (start times, delta
//! temporality, no recorded value) is used where it is said. This room must never know how rows are read, or HTTP.

mod aggregate;
mod counter;
mod directory;
mod distributions;
mod evaluate;
mod exemplars;
mod extrapolate;
mod frame;
mod gather;
mod histogram;
mod labels;
mod numbers;
mod selector;
mod steps;
#[cfg(test)]
mod tests;

pub use aggregate::{Aggregate, Operator, aggregate};
pub use counter::{Counter, Increase};
pub use directory::{Described, Directory};
pub use evaluate::{Evaluated, Function, Note, Of, Question, Row, evaluate, evaluate_part, groups};
pub use exemplars::{Exemplar, exemplars};
pub use extrapolate::{Known, extrapolate};
pub use frame::{Frame, Kind, Series, Temporality};
pub use gather::{Counts, Gather, GatherError, Limits, Wanted};
pub use histogram::{Explicit, Exponential, Histogram, Mismatch};
pub use labels::{Grouping, IDENTITY, Labels, label_name};
pub use selector::{Matcher, Operation, Selector, SelectorError};
pub use steps::Steps;
