use std::collections::BTreeSet;

use arrow::datatypes::{DataType, Field};

use super::*;
use crate::{
    column::{Kind, PARQUET_FIELD_ID},
    promoted::ValueType,
};

fn collect_ids(field: &Field, ids: &mut Vec<i32>) {
    ids.push(field.metadata()[PARQUET_FIELD_ID].parse().expect("a number"));
    match field.data_type() {
        DataType::List(item) => collect_ids(item, ids),
        DataType::Struct(fields) => fields.iter().for_each(|field| collect_ids(field, ids)),
        _ => {}
    }
}

#[test]
fn every_field_has_its_own_id_and_every_column_its_own_name() {
    for table in Table::ALL {
        let mut ids = vec![];
        table.schema().fields().iter().for_each(|field| collect_ids(field, &mut ids));
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{table}: {ids:?}");
        let names: BTreeSet<_> = table.columns().map(|column| column.name).collect();
        assert_eq!(names.len(), table.columns().count(), "{table}");
    }
}

#[test]
fn every_promoted_key_has_a_nullable_column_of_its_type() {
    for table in Table::ALL {
        for promoted in table.promoted() {
            let column = table.columns().find(|column| column.name == promoted.column).expect("a column");
            assert!(column.nullable, "{}", column.name);
            assert!(
                matches!((promoted.value, column.kind), (ValueType::Text, Kind::Text) | (ValueType::Int, Kind::I64)),
                "{table}.{}: {:?} in {:?}",
                column.name,
                promoted.value,
                column.kind
            );
        }
        for promoted in promoted::RESOURCE.iter().filter(|_| table.is_sent()) {
            let column = table.columns().find(|column| column.name == promoted.column).expect("a column");
            assert!(column.nullable && matches!((promoted.value, column.kind), (ValueType::Text, Kind::GroupText)), "{}", column.name);
        }
    }
}

#[test]
fn promoted_columns_stand_together_in_the_order_of_their_keys() {
    for table in Table::ALL {
        let promoted: Vec<_> = table.promoted().iter().map(|promoted| promoted.column).collect();
        let columns: Vec<_> = table.columns().map(|column| column.name).collect();
        assert!(promoted.is_empty() || columns.windows(promoted.len()).any(|window| window == promoted), "{table}");
    }
}

#[test]
fn keys_and_alias_bits_are_unique_per_level() {
    for level in [promoted::RESOURCE, promoted::SPAN, promoted::LOG] {
        let aliases: Vec<_> = level.iter().flat_map(|promoted| promoted.aliases).collect();
        let bits: BTreeSet<_> = aliases.iter().map(|alias| alias.bit).collect();
        assert_eq!(bits.len(), aliases.len());
        assert!(bits.iter().all(|bit| *bit < 63));
        let keys: BTreeSet<_> = level.iter().map(|promoted| promoted.key).chain(aliases.iter().map(|alias| alias.key)).collect();
        assert_eq!(keys.len(), level.len() + aliases.len());
    }
}
