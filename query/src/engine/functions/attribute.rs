//! `attr(attributes, 'key')` and its typed siblings: one attribute of a JSON remainder.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanBuilder, DictionaryArray, Float64Builder, Int64Builder, StringArray, StringBuilder},
    compute::take,
    datatypes::{DataType, Int32Type},
};
use datafusion::{
    common::{Result, ScalarValue, exec_err, plan_err},
    logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, TypeSignature, Volatility},
};
use schemas::attribute::{AttributeKey, RawValue};

/// In which type the value is wanted. A value of another type that reads as it is taken too, so `500` and `"500"` are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Getter {
    Text,
    Int,
    Double,
    Bool,
}

impl Getter {
    pub(crate) const ALL: [Self; 4] = [Self::Text, Self::Int, Self::Double, Self::Bool];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Text => "attr",
            Self::Int => "attr_int",
            Self::Double => "attr_double",
            Self::Bool => "attr_bool",
        }
    }

    pub(crate) fn data_type(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Int => DataType::Int64,
            Self::Double => DataType::Float64,
            Self::Bool => DataType::Boolean,
        }
    }

    fn read(self, key: &AttributeKey, texts: &StringArray) -> ArrayRef {
        let values = || texts.iter().map(|text| text.and_then(|text| key.find(text)));
        match self {
            Self::Text => {
                let mut builder = StringBuilder::with_capacity(texts.len(), 0);
                values().for_each(|value| builder.append_option(value.and_then(RawValue::text)));
                Arc::new(builder.finish())
            }
            Self::Int => {
                let mut builder = Int64Builder::with_capacity(texts.len());
                values().for_each(|value| builder.append_option(value.and_then(RawValue::integer)));
                Arc::new(builder.finish())
            }
            Self::Double => {
                let mut builder = Float64Builder::with_capacity(texts.len());
                values().for_each(|value| builder.append_option(value.and_then(RawValue::number)));
                Arc::new(builder.finish())
            }
            Self::Bool => {
                let mut builder = BooleanBuilder::with_capacity(texts.len());
                values().for_each(|value| builder.append_option(value.and_then(RawValue::boolean)));
                Arc::new(builder.finish())
            }
        }
    }
}

/// The function; its second argument is a constant key.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct AttributeGetter {
    getter: Getter,
    /// Whether only the JSON is meant, though the key may have a column of its own.
    verbatim: bool,
    signature: Signature,
}

impl AttributeGetter {
    pub(crate) fn new(getter: Getter) -> Self {
        let grouped = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let arguments = [DataType::Utf8, grouped].map(|json| TypeSignature::Exact(vec![json, DataType::Utf8]));
        Self { getter, verbatim: false, signature: Signature::one_of(arguments.into(), Volatility::Immutable) }
    }

    /// For who knows the columns of promoted keys and asks them first.
    pub(crate) fn verbatim(getter: Getter) -> Self {
        Self { verbatim: true, ..Self::new(getter) }
    }

    pub(crate) fn is_verbatim(&self) -> bool {
        self.verbatim
    }

    pub(crate) fn getter(&self) -> Getter {
        self.getter
    }
}

impl ScalarUDFImpl for AttributeGetter {
    fn name(&self) -> &str {
        self.getter.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.getter.data_type())
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [json, key] = arguments.args.as_slice() else { return plan_err!("{} takes a column and a key", self.name()) };
        let key = match key {
            ColumnarValue::Scalar(ScalarValue::Utf8(Some(key))) => AttributeKey::new(key),
            ColumnarValue::Scalar(ScalarValue::Utf8(None)) => {
                return Ok(ColumnarValue::Scalar(ScalarValue::try_from(self.getter.data_type())?));
            }
            _ => return exec_err!("the key of {} must be a constant text", self.name()),
        };
        match json {
            ColumnarValue::Array(json) => Ok(ColumnarValue::Array(self.column(&key, json)?)),
            ColumnarValue::Scalar(json) => {
                let value = self.column(&key, &json.to_array_of_size(1)?)?;
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&value, 0)?))
            }
        }
    }
}

impl AttributeGetter {
    /// Repeated texts (resources, scopes) are read once.
    fn column(&self, key: &AttributeKey, json: &ArrayRef) -> Result<ArrayRef> {
        if let Some(texts) = json.as_string_opt::<i32>() {
            return Ok(self.getter.read(key, texts));
        }
        let grouped: Option<&DictionaryArray<Int32Type>> = json.as_dictionary_opt::<Int32Type>();
        match grouped.and_then(|grouped| Some((grouped.keys(), grouped.values().as_string_opt::<i32>()?))) {
            Some((keys, texts)) => Ok(take(&self.getter.read(key, texts), keys, None)?),
            None => exec_err!("{} reads a column of attributes, not {}", self.name(), json.data_type()),
        }
    }
}
