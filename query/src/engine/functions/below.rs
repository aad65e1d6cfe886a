//! `below`: which spans of a trace are marked, or below a marked one. Of one trace at a time, so that its spans are read once, however deep
//! it is.

use std::{
    collections::{HashMap, HashSet},
    mem::{size_of, size_of_val},
    sync::Arc,
};

use arrow::{
    array::{Array, ArrayRef, AsArray, FixedSizeBinaryArray, FixedSizeBinaryBuilder, ListArray},
    buffer::OffsetBuffer,
    datatypes::{DataType, Field, FieldRef},
};
use datafusion::{
    common::{Result, ScalarValue, exec_datafusion_err},
    logical_expr::{
        Accumulator, AggregateUDF, AggregateUDFImpl, Expr, Signature, Volatility,
        function::{AccumulatorArgs, StateFieldsArgs},
    },
};

const ID_BYTES: usize = 8;
/// Id, parent, whether there is a parent, whether it is marked.
const STATE_BYTES: usize = 2 * ID_BYTES + 2;

type Id = [u8; ID_BYTES];

/// The ids of the spans of a group that are marked or below one, each once: a list. `parent_span_id` may be null.
pub(in crate::engine) fn below(span_id: Expr, parent_span_id: Expr, marked: Expr) -> Expr {
    AggregateUDF::from(Below { signature: Signature::any(3, Volatility::Immutable) }).call(vec![span_id, parent_span_id, marked])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Below {
    signature: Signature,
}

impl AggregateUDFImpl for Below {
    fn name(&self) -> &'static str {
        "below"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(item()))
    }

    fn accumulator(&self, _: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Spans::default()))
    }

    fn state_fields(&self, arguments: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(format!("{}[spans]", arguments.name), DataType::Binary, true))])
    }
}

fn item() -> FieldRef {
    Arc::new(Field::new_list_field(DataType::FixedSizeBinary(ID_BYTES as i32), true))
}

/// What is known of the spans of a group.
#[derive(Debug, Default)]
struct Spans {
    edges: Vec<(Id, Id)>,
    marked: Vec<Id>,
}

impl Spans {
    fn add(&mut self, id: Id, parent: Option<Id>, marked: bool) {
        self.edges.extend(parent.map(|parent| (parent, id)));
        self.marked.extend(marked.then_some(id));
    }

    /// Each once, so spans that are each other's parents come to an end.
    fn found(&self) -> Vec<Id> {
        let mut children: HashMap<Id, Vec<Id>> = HashMap::new();
        self.edges.iter().for_each(|(parent, child)| children.entry(*parent).or_default().push(*child));
        let mut seen: HashSet<Id> = HashSet::new();
        let mut found: Vec<Id> = self.marked.iter().copied().filter(|id| seen.insert(*id)).collect();
        let mut next = 0;
        while let Some(id) = found.get(next).copied() {
            found.extend(children.get(&id).into_iter().flatten().copied().filter(|child| seen.insert(*child)));
            next += 1;
        }
        found
    }
}

impl Accumulator for Spans {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let [ids, parents, marked] = values else { return Err(exec_datafusion_err!("below takes three columns")) };
        let (ids, parents) = (binary(ids)?, binary(parents)?);
        let marked = marked.as_boolean_opt().ok_or_else(|| exec_datafusion_err!("below takes marks"))?;
        for row in 0..ids.len() {
            let Some(id) = id_at(ids, row) else { continue };
            self.add(id, id_at(parents, row), marked.is_valid(row) && marked.value(row));
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let found = self.found();
        let mut ids = FixedSizeBinaryBuilder::with_capacity(found.len(), ID_BYTES as i32);
        found.iter().try_for_each(|id| ids.append_value(id))?;
        let list = ListArray::try_new(item(), OffsetBuffer::from_lengths([found.len()]), Arc::new(ids.finish()), None)?;
        Ok(ScalarValue::List(Arc::new(list)))
    }

    fn size(&self) -> usize {
        size_of::<Self>() + size_of_val(&*self.edges).max(self.edges.capacity() * 2 * ID_BYTES) + self.marked.capacity() * ID_BYTES
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let mut bytes = Vec::with_capacity((self.edges.len() + self.marked.len()) * STATE_BYTES);
        for (parent, id) in &self.edges {
            bytes.extend([&id[..], parent, &[1, 0]].concat());
        }
        for id in &self.marked {
            bytes.extend([&id[..], &[0; ID_BYTES], &[0, 1]].concat());
        }
        Ok(vec![ScalarValue::Binary(Some(bytes))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let states = states.first().and_then(|states| states.as_binary_opt::<i32>());
        let states = states.ok_or_else(|| exec_datafusion_err!("below has another state"))?;
        for span in states.iter().flatten().flat_map(|bytes| bytes.as_chunks::<STATE_BYTES>().0) {
            let [i0, i1, i2, i3, i4, i5, i6, i7, p0, p1, p2, p3, p4, p5, p6, p7, has_parent, marked] = *span;
            let parent = (has_parent == 1).then_some([p0, p1, p2, p3, p4, p5, p6, p7]);
            self.add([i0, i1, i2, i3, i4, i5, i6, i7], parent, marked == 1);
        }
        Ok(())
    }
}

fn binary(column: &ArrayRef) -> Result<&FixedSizeBinaryArray> {
    column.as_fixed_size_binary_opt().ok_or_else(|| exec_datafusion_err!("below takes ids"))
}

fn id_at(ids: &FixedSizeBinaryArray, row: usize) -> Option<Id> {
    ids.is_valid(row).then(|| ids.value(row).try_into().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> Id {
        [0, 0, 0, 0, 0, 0, 0, number]
    }

    fn check(spans: &[(u8, Option<u8>, bool)], expected: &[u8]) {
        let (mut whole, mut merged) = (Spans::default(), Spans::default());
        for (span, parent, marked) in spans {
            let mut part = Spans::default();
            for spans in [&mut whole, &mut part] {
                spans.add(id(*span), parent.map(id), *marked);
            }
            let state = part.state().expect("always").remove(0).to_array().expect("a value");
            merged.merge_batch(&[state]).expect("its own state");
        }
        for spans in [whole, merged] {
            let mut found: Vec<u8> = spans.found().iter().map(|id| id[7]).collect();
            found.sort_unstable();
            assert_eq!(found, expected, "{spans:?}");
        }
    }

    #[test]
    fn marked_spans_and_all_below_them() {
        check(&[(1, None, false), (2, Some(1), true), (3, Some(2), false), (4, Some(3), false), (5, Some(1), false)], &[2, 3, 4]);
        check(&[(1, None, true), (2, Some(1), false)], &[1, 2]);
        check(&[(1, None, false), (2, Some(1), false)], &[]);
        // Orphans, twice the same span, spans that are each other's parents.
        check(&[(3, Some(9), true), (4, Some(3), false)], &[3, 4]);
        check(&[(1, None, true), (1, None, false), (2, Some(1), true), (2, Some(1), true)], &[1, 2]);
        check(&[(1, Some(2), false), (2, Some(1), true), (3, Some(3), false)], &[1, 2]);
    }
}
