//! A number for each record that has nothing to do with what the record says: a sample is those with small ones.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, UInt32Array},
    compute::cast,
    datatypes::{DataType, Int64Type},
};
use datafusion::{
    common::Result,
    logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility},
};
use schemas::{Table, columns as c};

/// The first 32 bits of a hash of what tells records apart. The same record has the same key each time, on every machine.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct SampleKey {
    table: Table,
    signature: Signature,
}

impl SampleKey {
    pub(crate) fn new(table: Table) -> Self {
        Self { table, signature: Signature::any(Self::columns(table).count(), Volatility::Immutable) }
    }

    /// Its arguments: ids, then a time.
    pub(crate) fn columns(table: Table) -> impl Iterator<Item = &'static str> {
        let time = table.time_column();
        [c::TRACE_ID, c::SPAN_ID, time].into_iter()
    }
}

impl ScalarUDFImpl for SampleKey {
    fn name(&self) -> &'static str {
        "sample_key"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::UInt32)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = arguments.number_rows;
        let mut hashes = vec![FNV_OFFSET; rows];
        for argument in &arguments.args {
            let column: ArrayRef = argument.to_array(rows)?;
            match column.as_fixed_size_binary_opt() {
                Some(ids) => {
                    hashes.iter_mut().enumerate().filter(|(row, _)| ids.is_valid(*row)).for_each(|(row, hash)| add(hash, ids.value(row)))
                }
                None => {
                    let times = cast(&column, &DataType::Int64)?;
                    let times = times.as_primitive::<Int64Type>();
                    hashes.iter_mut().zip(times.values()).for_each(|(hash, time)| add(hash, &time.to_le_bytes()));
                }
            }
        }
        let keys = hashes.into_iter().map(|hash| (mixed(hash) >> 32) as u32);
        Ok(ColumnarValue::Array(Arc::new(UInt32Array::from_iter_values(keys))))
    }
}

/// Fowler, Noll and Vo's hash, variant 1a of 64 bits.
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

fn add(hash: &mut u64, bytes: &[u8]) {
    bytes.iter().for_each(|byte| *hash = (*hash ^ u64::from(*byte)).wrapping_mul(FNV_PRIME));
}

/// The finalizer of MurmurHash3, so that every bit of the key depends on all of the record.
fn mixed(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_spread_evenly() {
        let key = |record: u64| {
            let mut hash = FNV_OFFSET;
            add(&mut hash, &record.to_le_bytes());
            (mixed(hash) >> 32) as u32
        };
        let below = (0..100_000).filter(|record| key(*record) < u32::MAX / 10).count();
        assert!((9_700..10_300).contains(&below), "{below} of 10,000 expected");
    }
}
