//! Who comes first where there are not enough cores for all.

/// This thread gives way to others: by so much as `nice` says, from 0 to 19. Where the system denies it, the thread runs like any other.
pub fn give_way(nice: i32) {
    let _ = rustix::process::nice(nice);
}
