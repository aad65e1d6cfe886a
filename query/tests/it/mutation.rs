//! Damage to texts.

use proptest::{
    prelude::*,
    sample::{Index, select},
};

#[derive(Debug, Clone)]
pub(crate) enum Mutation {
    Remove(Index, Index),
    Insert(Index, &'static str),
    Repeat(Index, Index),
    Cut(Index),
}

/// Of a text; what is put in is one of `pieces`.
pub(crate) fn mutation(pieces: Vec<&'static str>) -> impl Strategy<Value = Mutation> {
    let index = any::<Index>;
    prop_oneof![
        3 => (index(), index()).prop_map(|(at, count)| Mutation::Remove(at, count)),
        5 => (index(), select(pieces)).prop_map(|(at, piece)| Mutation::Insert(at, piece)),
        1 => (index(), index()).prop_map(|(from, to)| Mutation::Repeat(from, to)),
        1 => index().prop_map(Mutation::Cut),
    ]
}

pub(crate) fn mutate(text: &mut String, mutation: &Mutation) {
    let place = |index: &Index| text.floor_char_boundary(index.index(text.len() + 1));
    match mutation {
        Mutation::Remove(at, count) => {
            let at = place(at);
            let rest = text.split_off(at);
            text.extend(rest.chars().skip(count.index(4)));
        }
        Mutation::Insert(at, piece) => text.insert_str(place(at), piece),
        Mutation::Repeat(from, to) => {
            let (from, to) = (place(from), place(to));
            let repeated = text[from.min(to)..from.max(to)].to_owned();
            text.push_str(&repeated);
        }
        Mutation::Cut(at) => text.truncate(place(at)),
    }
}
