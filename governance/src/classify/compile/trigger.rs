//! What makes a row worth a look, chosen from the conditions of a rule. A rule without such a condition would look at every row.

use schemas::{Table, columns};

use super::super::{
    field::{Attribute, Field},
    file::On,
    matching::{Condition, Test},
    rules::Trigger,
};

/// Shorter ones would be found in every row.
const LITERAL_BYTES_MIN: usize = 4;

type Mistake = (String, &'static str);

/// The triggers among spans and among logs.
pub(super) fn of(on: &[On], conditions: &[Condition]) -> Result<(Trigger, Trigger), Mistake> {
    let find = |table: Table, kind: On| if on.contains(&kind) { of_table(table, conditions) } else { Ok(Trigger::Nothing) };
    Ok((find(Table::Spans, On::Span)?, find(Table::Logs, On::Log)?))
}

fn of_table(table: Table, conditions: &[Condition]) -> Result<Trigger, Mistake> {
    let mut weak = None;
    for condition in conditions {
        match (&condition.field, &condition.test) {
            (Field::Text | Field::ExceptionType, Test::Contains(literals)) => return usable(literals.literals()).map(Trigger::Text),
            (Field::Attributes, Test::Contains(literals)) => return usable(literals.literals()).map(Trigger::Attributes),
            (Field::EventName, Test::Equals(names)) => return event_name(table, names),
            (Field::Attribute(attribute), test) if is_positive(test) => {
                if let Some(position) = position(table, attribute) {
                    return Ok(Trigger::Column(position));
                }
                let values = match test {
                    Test::Equals(values) | Test::Prefix(values) => Some(values.clone()),
                    Test::Contains(literals) => Some(literals.literals().to_vec()),
                    _ => None,
                };
                match values.map(|values| usable(&values)) {
                    Some(Ok(values)) => return Ok(Trigger::Attributes(values)),
                    _ => weak = weak.or_else(|| key(attribute)),
                }
            }
            (Field::HttpStatus | Field::GrpcStatus, test) if is_positive(test) => weak = Some(Trigger::Status),
            _ => {}
        }
    }
    let why = "a rule on spans or logs needs a condition that few records meet: `text`, `exception.type` or `attributes` with `contains`, an \
               `attr.<key>`, an `event.name`, `http_status` or `grpc_status`";
    weak.ok_or_else(|| ("when".to_owned(), why))
}

fn event_name(table: Table, names: &[String]) -> Result<Trigger, Mistake> {
    match table {
        Table::Logs => table.schema().index_of(columns::EVENT_NAME).map(Trigger::Column).map_err(|_| ("when".to_owned(), "no such column")),
        _ => usable(names).map(Trigger::Text),
    }
}

fn is_positive(test: &Test) -> bool {
    !matches!(test, Test::NotPrefix(_) | Test::NotContains(_) | Test::Exists(false))
}

fn position(table: Table, attribute: &Attribute) -> Option<usize> {
    match table {
        Table::Spans => attribute.span_column,
        Table::Logs => attribute.log_column,
        _ => None,
    }
}

fn key(attribute: &Attribute) -> Option<Trigger> {
    usable(std::slice::from_ref(&attribute.key)).ok().map(|keys| Trigger::Attributes(keys.iter().map(|key| format!("\"{key}\"")).collect()))
}

/// Texts are searched as they lie in columns, some of them as JSON, where such characters are escaped.
fn usable(literals: &[String]) -> Result<Vec<String>, Mistake> {
    let place = || "when".to_owned();
    if literals.iter().any(|literal| literal.len() < LITERAL_BYTES_MIN) {
        return Err((place(), "a text that is looked for in every record must have at least 4 bytes"));
    }
    if literals.iter().any(|literal| literal.contains(|letter: char| letter == '"' || letter == '\\' || letter.is_control())) {
        return Err((place(), "a text that is looked for in every record must be free of quotes, backslashes and control characters"));
    }
    Ok(literals.to_vec())
}
