//! One dictionary for the batches of a cut, column by column, so that gathering rows gathers keys.
//!
//! Arrow merges the dictionaries of all batches again for every gather, and looks through all rows for each of them: a cut of many
//! requests with a point or two each would cost batches x rows. Here each dictionary is read once.

use std::{collections::HashMap, sync::Arc};

use ahash::RandomState;
use arrow::{
    array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array, StringArray},
    compute::interleave,
    datatypes::Int32Type,
    error::ArrowError,
    record_batch::RecordBatch,
};

use super::layout::RowPlace;

/// The same rows, with the same values array in every dictionary column of text. O(rows + values of all dictionaries).
pub(crate) fn share_dictionaries(batches: &[&RecordBatch]) -> Result<Vec<RecordBatch>, ArrowError> {
    let Some(first) = batches.first() else { return Ok(Vec::new()) };
    let mut columns: Vec<Vec<ArrayRef>> = batches.iter().map(|batch| batch.columns().to_vec()).collect();
    for index in 0..first.num_columns() {
        let dictionaries: Option<Vec<_>> = batches.iter().map(|batch| text_dictionary(batch.column(index))).collect();
        if let Some(dictionaries) = dictionaries {
            for (columns, shared) in columns.iter_mut().zip(shared(&dictionaries)?) {
                columns[index] = Arc::new(shared);
            }
        }
    }
    batches.iter().zip(columns).map(|(batch, columns)| RecordBatch::try_new(batch.schema(), columns)).collect()
}

/// The values at `places`, when `arrays` share a dictionary, which the result shares too.
pub(super) fn gather_shared(arrays: &[&dyn Array], places: &[RowPlace]) -> Option<Result<ArrayRef, ArrowError>> {
    let dictionaries: Vec<_> = arrays.iter().map(|array| array.as_dictionary_opt::<Int32Type>()).collect::<Option<_>>()?;
    let values = dictionaries.first()?.values();
    if !dictionaries.iter().all(|dictionary| Arc::ptr_eq(dictionary.values(), values)) {
        return None;
    }
    let keys: Vec<&dyn Array> = dictionaries.iter().map(|dictionary| dictionary.keys() as &dyn Array).collect();
    let gathered = interleave(&keys, places).and_then(|keys| {
        let keys = keys.as_primitive::<Int32Type>().clone();
        Ok(Arc::new(DictionaryArray::try_new(keys, Arc::clone(values))?) as ArrayRef)
    });
    Some(gathered)
}

fn text_dictionary(array: &ArrayRef) -> Option<(&Int32Array, &StringArray)> {
    let dictionary = array.as_dictionary_opt::<Int32Type>()?;
    Some((dictionary.keys(), dictionary.values().as_string_opt()?))
}

fn shared(dictionaries: &[(&Int32Array, &StringArray)]) -> Result<Vec<DictionaryArray<Int32Type>>, ArrowError> {
    let mut known: HashMap<&str, i32, RandomState> = HashMap::default();
    let mut texts: Vec<&str> = Vec::new();
    let mut keys = Vec::with_capacity(dictionaries.len());
    for (own_keys, values) in dictionaries {
        let mut new_key = |text| {
            *known.entry(text).or_insert_with(|| {
                texts.push(text);
                texts.len() as i32 - 1
            })
        };
        let new_keys: Vec<Option<i32>> = values.iter().map(|text| text.map(&mut new_key)).collect();
        keys.push(own_keys.iter().map(|key| new_keys.get(usize::try_from(key?).ok()?).copied().flatten()).collect::<Int32Array>());
    }
    i32::try_from(texts.len()).map_err(|_| ArrowError::DictionaryKeyOverflowError)?;
    let values: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
    keys.into_iter().map(|keys| DictionaryArray::try_new(keys, Arc::clone(&values))).collect()
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{DataType, Field, Schema};

    use super::*;

    fn batch(keys: &[Option<i32>], values: &[Option<&str>]) -> RecordBatch {
        let kind = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let schema = Schema::new(vec![Field::new("group", kind, true), Field::new("number", DataType::Int32, true)]);
        let group = DictionaryArray::new(Int32Array::from(keys.to_vec()), Arc::new(StringArray::from(values.to_vec())));
        RecordBatch::try_new(Arc::new(schema), vec![Arc::new(group), Arc::new(Int32Array::from(keys.to_vec()))]).expect("valid")
    }

    fn texts(array: &dyn Array) -> Vec<Option<&str>> {
        let dictionary = array.as_dictionary::<Int32Type>().downcast_dict::<StringArray>().expect("text");
        dictionary.into_iter().collect()
    }

    #[test]
    fn values_stay_what_they_are() {
        let batches = [
            batch(&[Some(0), Some(1), None], &[Some("a"), Some("a")]),
            batch(&[Some(1), Some(0), Some(2)], &[Some("b"), None, Some("unused"), Some("a")]),
            batch(&[], &[]),
            batch(&[None], &[]),
        ];
        let batches: Vec<&RecordBatch> = batches.iter().collect();
        let shared = share_dictionaries(&batches).expect("few values");
        for (before, after) in batches.iter().zip(&shared) {
            assert_eq!(texts(before.column(0)), texts(after.column(0)));
            assert_eq!(before.column(1), after.column(1));
        }
        let places = [(1, 2), (0, 1), (3, 0), (1, 0), (1, 1), (0, 0)];
        let arrays: Vec<&dyn Array> = shared.iter().map(|batch| batch.column(0).as_ref()).collect();
        let gathered = gather_shared(&arrays, &places).expect("shared").expect("gathered");
        assert_eq!(texts(&gathered), [Some("unused"), Some("a"), None, None, Some("b"), Some("a")]);
        let own: Vec<&dyn Array> = batches.iter().map(|batch| batch.column(0).as_ref()).collect();
        assert!(gather_shared(&own, &places).is_none(), "dictionaries of their own are Arrow's to merge");
    }

    /// What a gather costs does not depend on how many requests the rows came with: no dictionary is read or copied again.
    #[test]
    fn many_requests_of_one_point_are_gathered_by_key() {
        let batches: Vec<RecordBatch> = (0..5000).map(|point| batch(&[Some(0)], &[Some(["cpu", "memory", "disk"][point % 3])])).collect();
        let shared = share_dictionaries(&batches.iter().collect::<Vec<_>>()).expect("few values");
        let arrays: Vec<&dyn Array> = shared.iter().map(|batch| batch.column(0).as_ref()).collect();
        let places: Vec<RowPlace> = (0..5000).rev().map(|point| (point, 0)).collect();
        for places in places.chunks(1000) {
            let gathered = gather_shared(&arrays, places).expect("shared").expect("gathered");
            let values = gathered.as_dictionary::<Int32Type>().values();
            assert_eq!(values.len(), 3);
            assert!(arrays.iter().all(|array| Arc::ptr_eq(array.as_dictionary::<Int32Type>().values(), values)));
        }
    }
}
