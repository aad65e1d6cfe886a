//! Conditions of a search on a text that is a value, and on a part of the events of a span.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray, DictionaryArray, StringArray},
    buffer::BooleanBuffer,
    compute::{cast, take},
    datatypes::{DataType, Int32Type},
};
use datafusion::{
    common::{Result, ScalarValue, exec_datafusion_err},
    logical_expr::{ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility},
};
use schemas::{attribute::AttributeKey, columns::ATTRIBUTES};

use super::super::search::Condition;

/// Whether a [`Condition`] holds for a text; null for null.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct ValueMatch {
    condition: Condition,
    signature: Signature,
}

impl ValueMatch {
    pub(crate) fn new(condition: Condition) -> Self {
        Self { condition, signature: Signature::any(1, Volatility::Immutable) }
    }

    /// What is asked of the text.
    pub(crate) fn condition(&self) -> &Condition {
        &self.condition
    }

    fn texts(&self, texts: &StringArray) -> BooleanArray {
        let holds = BooleanBuffer::collect_bool(texts.len(), |row| texts.is_valid(row) && self.condition.holds(texts.value(row)));
        BooleanArray::new(holds, texts.nulls().cloned())
    }

    /// Texts of a dictionary are asked once each.
    fn column(&self, column: &ArrayRef) -> Result<ArrayRef> {
        if let Some(grouped) = column.as_dictionary_opt::<Int32Type>() {
            let grouped: &DictionaryArray<Int32Type> = grouped;
            if let Some(texts) = grouped.values().as_string_opt::<i32>() {
                return Ok(take(&self.texts(texts), grouped.keys(), None)?);
            }
        }
        let texts = cast(column, &DataType::Utf8)?;
        Ok(Arc::new(self.texts(texts.as_string::<i32>())))
    }
}

impl ScalarUDFImpl for ValueMatch {
    fn name(&self) -> &'static str {
        "value_match"
    }

    fn schema_name(&self, arguments: &[Expr]) -> Result<String> {
        let of: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        Ok(format!("value_match({}, {:?})", of.join(", "), self.condition))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match arguments.args.as_slice() {
            [ColumnarValue::Array(column)] => Ok(ColumnarValue::Array(self.column(column)?)),
            [ColumnarValue::Scalar(value)] => {
                let holds = self.column(&value.to_array_of_size(1)?)?;
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&holds, 0)?))
            }
            _ => Err(exec_datafusion_err!("{} takes one value", self.name())),
        }
    }
}

/// What of an event is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    Column(&'static str),
    Attribute(String),
}

/// Whether any event of a span has the part, and it answers the condition when there is one. Never null.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct EventMatch {
    part: Part,
    condition: Option<Condition>,
    signature: Signature,
}

impl EventMatch {
    pub(crate) fn new(part: Part, condition: Option<Condition>) -> Self {
        Self { part, condition, signature: Signature::any(1, Volatility::Immutable) }
    }

    fn holds(&self, text: &str) -> bool {
        self.condition.as_ref().is_none_or(|condition| condition.holds(text))
    }

    /// One answer for each event.
    fn events(&self, events: &ArrayRef) -> Result<Vec<bool>> {
        let name = match &self.part {
            Part::Column(name) => name,
            Part::Attribute(_) => ATTRIBUTES,
        };
        let column = events.as_struct_opt().and_then(|events| events.column_by_name(name));
        let column = column.ok_or_else(|| exec_datafusion_err!("events have no {name}"))?;
        let column = match column.data_type() {
            // As nanoseconds, which is how a time is asked for here.
            DataType::Timestamp(..) => cast(&cast(column, &DataType::Int64)?, &DataType::Utf8)?,
            _ => cast(column, &DataType::Utf8)?,
        };
        let texts = column.as_string::<i32>().iter();
        Ok(match &self.part {
            Part::Column(_) => texts.map(|text| text.is_some_and(|text| self.holds(text))).collect(),
            Part::Attribute(key) => {
                let key = AttributeKey::new(key);
                let holds = |json| key.find(json)?.text().map(|text| self.holds(&text));
                texts.map(|json| json.and_then(holds).unwrap_or(false)).collect()
            }
        })
    }
}

impl ScalarUDFImpl for EventMatch {
    fn name(&self) -> &'static str {
        "event_match"
    }

    fn schema_name(&self, _: &[Expr]) -> Result<String> {
        Ok(format!("event_match({:?}, {:?})", self.part, self.condition))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&arguments.args)?;
        let lists = columns.first().and_then(|column| column.as_list_opt::<i32>());
        let lists = lists.ok_or_else(|| exec_datafusion_err!("{} takes the events of spans", self.name()))?;
        let holds = self.events(lists.values())?;
        let offsets = lists.value_offsets();
        let any = BooleanBuffer::collect_bool(lists.len(), |row| {
            lists.is_valid(row) && holds[offsets[row] as usize..offsets[row + 1] as usize].contains(&true)
        });
        Ok(ColumnarValue::Array(Arc::new(BooleanArray::new(any, None))))
    }
}
