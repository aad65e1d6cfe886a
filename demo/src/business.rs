//! The shop's error codes: what they mean, in two languages, what to do, and which service says another code instead.
//!
//! Seven digits: service, module, error. 5 is inventory, 4 order, 3 catalog.

use crate::topology::{Refusal, ServiceId};

/// `{code, message, solution}` as the shop's services answer and log it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code {
    pub(crate) number: u32,
    /// English, Chinese.
    pub(crate) message: [&'static str; 2],
    pub(crate) solution: [&'static str; 2],
}

/// A code in the language of the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Coded {
    pub(crate) number: u32,
    pub(crate) message: &'static str,
    pub(crate) solution: &'static str,
}

/// A caller that does not pass a callee's code on.
#[derive(Debug)]
pub(crate) struct Translation {
    pub(crate) caller: ServiceId,
    pub(crate) from: u32,
    pub(crate) to: Code,
    pub(crate) http: u16,
    pub(crate) reason: &'static str,
}

const INSUFFICIENT_STOCK: Code = Code {
    number: 5_001_003,
    message: ["insufficient stock for the requested quantity", "库存不足"],
    solution: ["replenish the stock or lower the quantity", "请补充库存或减少购买数量"],
};
const ORDER_NOT_PLACED: Code = Code {
    number: 4_002_001,
    message: ["order could not be placed", "下单失败"],
    solution: ["try again later or contact support", "请稍后重试或联系客服"],
};
const PRICE_SNAPSHOT_MISSING: Code = Code {
    number: 3_002_007,
    message: ["price snapshot missing", "价格快照缺失"],
    solution: ["rebuild the price snapshot of the product", "请重新生成该商品的价格快照"],
};

static TRANSLATIONS: [Translation; 1] =
    [Translation { caller: ServiceId::Order, from: 5_001_003, to: ORDER_NOT_PLACED, http: 500, reason: "ORDER_NOT_PLACED" }];

impl Code {
    pub(crate) fn told(&self, in_chinese: bool) -> Coded {
        let language = usize::from(in_chinese);
        Coded { number: self.number, message: self.message[language], solution: self.solution[language] }
    }
}

impl Coded {
    /// The body of an answer, and what services log of it.
    pub(crate) fn to_json(self) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        format!(r#"{{"code":{},"message":{},"solution":{}}}"#, self.number, quoted(self.message), quoted(self.solution))
    }
}

/// The code a refusal carries. Every new version of catalog has a defect of its own, and a code for it.
pub(crate) fn code_of(refusal: &Refusal, versions: u32) -> Option<Code> {
    match refusal.reason {
        "INSUFFICIENT_STOCK" => Some(INSUFFICIENT_STOCK),
        "PRICE_SNAPSHOT_MISSING" => {
            Some(Code { number: PRICE_SNAPSHOT_MISSING.number + versions.saturating_sub(1), ..PRICE_SNAPSHOT_MISSING })
        }
        _ => None,
    }
}

pub(crate) fn translation(caller: ServiceId, code: Coded) -> Option<&'static Translation> {
    TRANSLATIONS.iter().find(|row| row.caller == caller && row.from == code.number)
}
