//! Requests with damaged bytes, and bytes that never were a request.

use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{Index, select},
};
use prost::encoding::{WireType, encode_key, encode_varint};
use testkit::arbitrary;

use crate::{checks, request::Request};

#[derive(Debug, Clone)]
enum Mutation {
    Set(Index, u8),
    FlipBit(Index, u8),
    Remove(Index),
    Insert(Index, Vec<u8>),
    Repeat(Index, Index),
    Cut(Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let index = any::<Index>;
    prop_oneof![
        3 => (index(), any::<u8>()).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        3 => (index(), 0..8u8).prop_map(|(at, bit)| Mutation::FlipBit(at, bit)),
        2 => index().prop_map(Mutation::Remove),
        2 => (index(), vec(any::<u8>(), 1..4)).prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        2 => (index(), index()).prop_map(|(from, to)| Mutation::Repeat(from, to)),
        1 => index().prop_map(Mutation::Cut),
    ]
}

fn mutate(body: &mut Vec<u8>, mutation: &Mutation) {
    let place = |index: &Index| index.index(body.len() + 1).min(body.len().saturating_sub(1));
    match mutation {
        _ if body.is_empty() => {}
        Mutation::Set(at, byte) => {
            let at = place(at);
            body[at] = *byte;
        }
        Mutation::FlipBit(at, bit) => {
            let at = place(at);
            body[at] ^= 1 << bit;
        }
        Mutation::Remove(at) => {
            body.remove(place(at));
        }
        Mutation::Insert(at, bytes) => {
            let at = place(at);
            body.splice(at..at, bytes.iter().copied());
        }
        Mutation::Repeat(from, to) => {
            let (from, to) = (place(from), place(to));
            let repeated = body[from.min(to)..from.max(to)].to_vec();
            body.extend(repeated);
        }
        Mutation::Cut(at) => body.truncate(place(at)),
    }
}

fn mutated<R: Request>(request: impl Strategy<Value = R>) -> impl Strategy<Value = Vec<u8>> {
    (request, vec(mutation(), 0..4)).prop_map(|(request, mutations)| {
        let mut body = request.encode_to_vec();
        mutations.iter().for_each(|mutation| mutate(&mut body, mutation));
        body
    })
}

/// The numbers of the fields that lead to the messages of OTLP, in any signal.
const PATHS: &[&[u32]] = &[
    &[],
    &[1],
    &[1, 1],
    &[1, 1, 1],
    &[1, 1, 1, 2],
    &[1, 1, 1, 2, 5],
    &[1, 1, 1, 2, 6],
    &[1, 1, 3],
    &[1, 2],
    &[1, 2, 1],
    &[1, 2, 2],
    &[1, 2, 2, 5],
    &[1, 2, 2, 6],
    &[1, 2, 2, 9],
    &[1, 2, 2, 9, 2],
    &[1, 2, 2, 11],
    &[1, 2, 2, 12],
    &[1, 2, 2, 13],
    &[1, 2, 2, 15],
    &[1, 2, 2, 5, 1],
    &[1, 2, 2, 5, 1, 5],
    &[1, 2, 2, 7],
    &[1, 2, 2, 7, 1],
    &[1, 2, 2, 9, 1],
    &[1, 2, 2, 10],
    &[1, 2, 2, 10, 1],
    &[1, 2, 2, 10, 1, 8],
    &[1, 2, 2, 11, 1],
    &[1, 2, 2, 11, 1, 6],
];

/// A field as such well-formed, of whatever number and wire type.
fn field() -> impl Strategy<Value = Vec<u8>> {
    let number = prop_oneof![12 => 1..17u32, 1 => 1..1u32 << 29];
    let varint = prop_oneof![0..4u64, any::<u64>()].prop_map(|value| {
        let mut bytes = Vec::new();
        encode_varint(value, &mut bytes);
        (WireType::Varint, bytes)
    });
    let value = prop_oneof![
        3 => varint,
        2 => vec(any::<u8>(), 8).prop_map(|bytes| (WireType::SixtyFourBit, bytes)),
        1 => vec(any::<u8>(), 4).prop_map(|bytes| (WireType::ThirtyTwoBit, bytes)),
        1 => Just((WireType::LengthDelimited, vec![0])),
        1 => vec(b'a'..=b'z', 16).prop_map(|text| (WireType::LengthDelimited, [vec![16], text].concat())),
        1 => vec(0..0x80u8, 8).prop_map(|text| (WireType::LengthDelimited, [vec![8], text].concat())),
    ];
    (number, value, 0..20).prop_map(|(number, (wire_type, value), group)| {
        let mut bytes = Vec::new();
        if group == 0 {
            encode_key(number, WireType::StartGroup, &mut bytes);
            encode_key(number, WireType::EndGroup, &mut bytes);
        } else {
            encode_key(number, wire_type, &mut bytes);
            bytes.extend(value);
        }
        bytes
    })
}

/// A request, or nothing, and behind it fields where they may not belong.
fn misplaced<R: Request>(request: impl Strategy<Value = R>) -> impl Strategy<Value = Vec<u8>> {
    let stray = (select(PATHS), vec(field(), 1..4)).prop_map(|(path, fields)| {
        path.iter().rev().fold(fields.concat(), |inner, number| {
            let mut bytes = Vec::new();
            encode_key(*number, WireType::LengthDelimited, &mut bytes);
            encode_varint(inner.len() as u64, &mut bytes);
            [bytes, inner].concat()
        })
    });
    (option::weighted(0.2, request), vec(stray, 1..3))
        .prop_map(|(request, strays)| [request.map(|request| request.encode_to_vec()).unwrap_or_default(), strays.concat()].concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, max_shrink_iters: 2048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn traces(body in mutated(arbitrary::traces())) {
        checks::otlp_proto_traces(&body);
    }

    #[test]
    fn logs(body in mutated(arbitrary::logs())) {
        checks::otlp_proto_logs(&body);
    }

    #[test]
    fn metrics(body in mutated(arbitrary::metrics())) {
        checks::otlp_proto_metrics(&body);
    }

    #[test]
    fn traces_with_misplaced_fields(body in misplaced(arbitrary::traces())) {
        checks::otlp_proto_traces(&body);
    }

    #[test]
    fn logs_with_misplaced_fields(body in misplaced(arbitrary::logs())) {
        checks::otlp_proto_logs(&body);
    }

    #[test]
    fn metrics_with_misplaced_fields(body in misplaced(arbitrary::metrics())) {
        checks::otlp_proto_metrics(&body);
    }

    #[test]
    fn noise(body in vec(any::<u8>(), 0..64)) {
        checks::otlp_proto_traces(&body);
        checks::otlp_proto_logs(&body);
        checks::otlp_proto_metrics(&body);
    }
}
