//! Columns of a batch, read by row. Types other than the schema's (a plain text where a dictionary stands) are cast.

use arrow::{
    array::{
        Array, BooleanArray, FixedSizeBinaryArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
        TimestampNanosecondArray, UInt64Array,
    },
    compute::cast,
    datatypes::{DataType, TimeUnit},
};
use schemas::{SpanId, TraceId, UnixNanos, columns as c};

use crate::facts::{Emitter, SpanKind};

/// Why a batch holds no facts.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    #[error("column `{0}` is missing")]
    Missing(&'static str),
    #[error("column `{column}` cannot be read as {wanted}")]
    Type { column: &'static str, wanted: DataType },
    #[error("column `{column}` is null where a value is required")]
    Null { column: &'static str },
    #[error("column `{column}` holds {word:?}, which this version does not know")]
    Word { column: &'static str, word: String },
}

pub(super) struct Column<A> {
    name: &'static str,
    array: A,
}

/// The columns of one batch.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(pub &'a RecordBatch);

impl Reader<'_> {
    fn column<A: Clone + 'static>(self, name: &'static str, wanted: DataType) -> Result<Column<A>, RowError> {
        let array = self.0.column_by_name(name).ok_or(RowError::Missing(name))?;
        let wrong = || RowError::Type { column: name, wanted: wanted.clone() };
        let array = if *array.data_type() == wanted { array.clone() } else { cast(array, &wanted).map_err(|_| wrong())? };
        let array = array.as_any().downcast_ref::<A>().ok_or_else(wrong)?.clone();
        Ok(Column { name, array })
    }

    pub(super) fn texts(self, name: &'static str) -> Result<Column<StringArray>, RowError> {
        self.column(name, DataType::Utf8)
    }

    pub(super) fn times(self, name: &'static str) -> Result<Column<TimestampNanosecondArray>, RowError> {
        self.column(name, DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())))
    }

    pub(super) fn floats(self, name: &'static str) -> Result<Column<Float64Array>, RowError> {
        self.column(name, DataType::Float64)
    }

    pub(super) fn i64s(self, name: &'static str) -> Result<Column<Int64Array>, RowError> {
        self.column(name, DataType::Int64)
    }

    pub(super) fn u64s(self, name: &'static str) -> Result<Column<UInt64Array>, RowError> {
        self.column(name, DataType::UInt64)
    }

    pub(super) fn i32s(self, name: &'static str) -> Result<Column<Int32Array>, RowError> {
        self.column(name, DataType::Int32)
    }

    pub(super) fn bools(self, name: &'static str) -> Result<Column<BooleanArray>, RowError> {
        self.column(name, DataType::Boolean)
    }

    pub(super) fn ids(self, name: &'static str, bytes: i32) -> Result<Column<FixedSizeBinaryArray>, RowError> {
        self.column(name, DataType::FixedSizeBinary(bytes))
    }

    pub(super) fn emitters(self) -> Result<Emitters, RowError> {
        Ok(Emitters {
            service: self.texts(c::SERVICE_NAME)?,
            namespace: self.texts(c::SERVICE_NAMESPACE)?,
            environment: self.texts(c::DEPLOYMENT_ENVIRONMENT)?,
            version: self.texts(c::SERVICE_VERSION)?,
            instance: self.texts(c::SERVICE_INSTANCE_ID)?,
        })
    }
}

impl<A: Array> Column<A> {
    fn valid(&self, row: usize) -> Option<&A> {
        self.array.is_valid(row).then_some(&self.array)
    }
}

impl Column<StringArray> {
    /// Empty where null.
    pub(super) fn get(&self, row: usize) -> String {
        self.text(row).to_owned()
    }

    /// Empty where null.
    pub(super) fn text(&self, row: usize) -> &str {
        self.valid(row).map(|array| array.value(row)).unwrap_or_default()
    }

    /// One of the words that `parse` knows.
    pub(super) fn word<T>(&self, row: usize, parse: impl Fn(&str) -> Option<T>) -> Result<T, RowError> {
        self.optional_word(row, parse)?.ok_or(RowError::Null { column: self.name })
    }

    pub(super) fn optional_word<T>(&self, row: usize, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, RowError> {
        let Some(array) = self.valid(row) else { return Ok(None) };
        let word = array.value(row);
        parse(word).map(Some).ok_or_else(|| RowError::Word { column: self.name, word: word.to_owned() })
    }
}

impl Column<TimestampNanosecondArray> {
    pub(super) fn optional(&self, row: usize) -> Option<UnixNanos> {
        self.valid(row).map(|array| UnixNanos(array.value(row)))
    }

    pub(super) fn get(&self, row: usize) -> Result<UnixNanos, RowError> {
        self.optional(row).ok_or(RowError::Null { column: self.name })
    }
}

macro_rules! numbers {
    ($($array:ty => $native:ty;)*) => {
        $(
            impl Column<$array> {
                pub(super) fn optional(&self, row: usize) -> Option<$native> {
                    self.valid(row).map(|array| array.value(row))
                }
            }
        )*
    };
}

numbers! {
    Float64Array => f64;
    Int64Array => i64;
    UInt64Array => u64;
    Int32Array => i32;
}

macro_rules! required_numbers {
    ($($array:ty => $native:ty;)*) => {
        $(
            impl Column<$array> {
                pub(super) fn get(&self, row: usize) -> Result<$native, RowError> {
                    self.optional(row).ok_or(RowError::Null { column: self.name })
                }
            }
        )*
    };
}

required_numbers! {
    Float64Array => f64;
    UInt64Array => u64;
    Int32Array => i32;
}

impl Column<Int32Array> {
    pub(super) fn span_kind(&self, row: usize) -> Option<SpanKind> {
        self.optional(row).and_then(SpanKind::from_number)
    }
}

impl Column<BooleanArray> {
    pub(super) fn get(&self, row: usize) -> Result<bool, RowError> {
        self.valid(row).map(|array| array.value(row)).ok_or(RowError::Null { column: self.name })
    }
}

impl Column<FixedSizeBinaryArray> {
    pub(super) fn trace(&self, row: usize) -> Option<TraceId> {
        self.valid(row).and_then(|array| TraceId::from_slice(array.value(row)))
    }

    pub(super) fn span(&self, row: usize) -> Option<SpanId> {
        self.valid(row).and_then(|array| SpanId::from_slice(array.value(row)))
    }
}

pub(super) struct Emitters {
    service: Column<StringArray>,
    namespace: Column<StringArray>,
    environment: Column<StringArray>,
    version: Column<StringArray>,
    instance: Column<StringArray>,
}

impl Emitters {
    pub(super) fn get(&self, row: usize) -> Emitter {
        Emitter {
            service: self.service.get(row),
            namespace: self.namespace.get(row),
            environment: self.environment.get(row),
            version: self.version.get(row),
            instance: self.instance.get(row),
        }
    }
}
