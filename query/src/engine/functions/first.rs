//! The first of several values that is there, without the copies that `CASE` makes of the rows it has still to ask.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, StringArray, StringBuilder},
    datatypes::DataType,
};
use datafusion::{
    common::{Result, exec_datafusion_err},
    logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility},
};

/// `coalesce` for texts that are cheap to compute for all rows: attributes under several keys, most of which no row has.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct FirstText {
    signature: Signature,
}

impl FirstText {
    pub(crate) fn new() -> Self {
        Self { signature: Signature::variadic(vec![DataType::Utf8], Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for FirstText {
    fn name(&self) -> &'static str {
        "first_text"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let mut first: Option<ArrayRef> = None;
        for value in arguments.args {
            // Of a block that has no such attribute.
            if matches!(&value, ColumnarValue::Scalar(scalar) if scalar.is_null()) {
                continue;
            }
            let value = value.into_array(arguments.number_rows)?;
            first = Some(match first {
                Some(first) => either(&first, &value)?,
                None => value,
            });
        }
        Ok(ColumnarValue::Array(first.unwrap_or_else(|| Arc::new(StringArray::new_null(arguments.number_rows)))))
    }
}

fn either(first: &ArrayRef, second: &ArrayRef) -> Result<ArrayRef> {
    if first.null_count() == 0 || second.null_count() == second.len() {
        return Ok(Arc::clone(first));
    }
    if first.null_count() == first.len() {
        return Ok(Arc::clone(second));
    }
    let texts = |values| AsArray::as_string_opt::<i32>(values).ok_or_else(|| exec_datafusion_err!("first_text takes texts"));
    let (first, second): (&StringArray, &StringArray) = (texts(first)?, texts(second)?);
    let mut either = StringBuilder::with_capacity(first.len(), first.value_data().len());
    first.iter().zip(second).for_each(|(first, second)| either.append_option(first.or(second)));
    Ok(Arc::new(either.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_is_there() {
        let texts = |values: &[Option<&str>]| Arc::new(StringArray::from(values.to_vec())) as ArrayRef;
        let check = |first: &[Option<&str>], second: &[Option<&str>], expected: &[Option<&str>]| {
            assert_eq!(either(&texts(first), &texts(second)).expect("texts").as_string::<i32>(), &StringArray::from(expected.to_vec()));
        };
        check(&[Some("a"), Some("b")], &[Some("x"), None], &[Some("a"), Some("b")]);
        check(&[None, None], &[Some("x"), None], &[Some("x"), None]);
        check(&[None, Some("b")], &[None, None], &[None, Some("b")]);
        check(&[None, Some("b"), None], &[Some("x"), Some("y"), None], &[Some("x"), Some("b"), None]);
    }
}
