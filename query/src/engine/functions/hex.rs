//! `hex(id)`: an id as lowercase hex.

use std::{fmt::Write, sync::Arc};

use arrow::{
    array::{Array, AsArray, StringBuilder},
    datatypes::DataType,
};
use datafusion::{
    common::{Result, exec_err},
    logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility},
};

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Hex {
    signature: Signature,
}

impl Hex {
    pub(super) fn new() -> Self {
        let ids = [DataType::FixedSizeBinary(16), DataType::FixedSizeBinary(8)];
        Self { signature: Signature::uniform(1, ids.into(), Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Hex {
    fn name(&self) -> &'static str {
        "hex"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&arguments.args)?;
        let Some(ids) = columns.first().and_then(|ids| ids.as_fixed_size_binary_opt()) else { return exec_err!("hex takes an id") };
        let mut texts = StringBuilder::with_capacity(ids.len(), ids.len() * 2);
        for id in ids {
            if let Some(id) = id {
                id.iter().try_for_each(|byte| write!(texts, "{byte:02x}")).expect("writing to memory cannot fail");
                texts.append_value("");
            } else {
                texts.append_null();
            }
        }
        Ok(ColumnarValue::Array(Arc::new(texts.finish())))
    }
}
