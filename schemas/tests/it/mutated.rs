//! Requests with damaged bytes, and bytes that never were a request.

use proptest::{collection::vec, prelude::*, sample::Index};
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

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
    fn noise(body in vec(any::<u8>(), 0..64)) {
        checks::otlp_proto_traces(&body);
        checks::otlp_proto_logs(&body);
        checks::otlp_proto_metrics(&body);
    }
}
