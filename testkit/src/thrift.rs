//! Thrift's binary protocol, written field by field: what clients of Jaeger push.

/// A struct with these fields, made by the functions below.
pub fn structure(fields: &[Vec<u8>]) -> Vec<u8> {
    [&fields.concat(), &[0][..]].concat()
}

pub fn boolean(id: i16, value: bool) -> Vec<u8> {
    field(2, id, &[value.into()])
}

pub fn double(id: i16, value: f64) -> Vec<u8> {
    field(4, id, &value.to_be_bytes())
}

pub fn int(id: i16, value: i32) -> Vec<u8> {
    field(8, id, &value.to_be_bytes())
}

pub fn long(id: i16, value: i64) -> Vec<u8> {
    field(10, id, &value.to_be_bytes())
}

pub fn binary(id: i16, value: impl AsRef<[u8]>) -> Vec<u8> {
    field(11, id, &[&length(value.as_ref().len()), value.as_ref()].concat())
}

pub fn nested(id: i16, structure: &[u8]) -> Vec<u8> {
    field(12, id, structure)
}

pub fn list(id: i16, structures: &[Vec<u8>]) -> Vec<u8> {
    field(15, id, &[&[12][..], &length(structures.len()), &structures.concat()].concat())
}

/// A field of the type that `tag` stands for.
pub fn field(tag: u8, id: i16, value: &[u8]) -> Vec<u8> {
    [&[tag][..], &id.to_be_bytes(), value].concat()
}

fn length(length: usize) -> [u8; 4] {
    u32::try_from(length).expect("test data is small").to_be_bytes()
}
