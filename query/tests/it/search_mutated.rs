//! Searches out of pieces that mean something, searches with damage, and texts that never were a search.

use proptest::{collection::vec, prelude::*, sample::select};

use crate::{
    mutation::{mutate, mutation},
    search_checks,
};

/// Signs and words that the lexer knows, and what it must not take for one.
const PIECES: &str = r#"AND OR NOT TO and or not ( ) [ ] { } , - ! * ? : = != > >= < <= =~ !~ ~ => >> -> :: // / /i \ " ' “ ” ： （ ） ＞ | && `
    has: has trace. trace: resource. scope. span. span: log. event. service duration http.route root.service errors 5001 -5 200ms now-15m
    lock 库存不足 /health /^pay-.*/ https://a/b?c=d {id} f(x) @ a 😀"#;

fn pieces() -> Vec<&'static str> {
    PIECES.split_whitespace().chain([" ", "  ", "\n", "/a b/", "\"lock lost\"", "\u{301}", "\0"]).collect()
}

/// What people ask for.
const SEARCHES: &[&str] = &[
    r#"service:pay AND duration>200ms AND http.response.status_code>=500 AND -http.route:/health AND "lock lost" AND error_code:5001* AND resource.k8s.pod.name:/^pay-.*/"#,
    "trace.root.service:web trace.duration>2s trace.spans>100",
    "{service:web} >> {service:pay AND status:error} > {db.system:mysql} AND trace.errors>0",
    "service:(pay OR cart*) OR code:[5001, 5002] duration:[1s TO *] -has:error_code",
    r#"(库存不足 OR "用户 登录失败") NOT level>=warn resource."odd key"!="a \"b\"" name=~"^GET /[a-z]+""#,
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, max_shrink_iters: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn put_together(parts in vec(select(pieces()), 0..24)) {
        search_checks::search(parts.concat().as_bytes());
    }

    #[test]
    fn damaged(search in select(SEARCHES), mutations in vec(mutation(pieces()), 1..6)) {
        let mut text = search.to_owned();
        mutations.iter().for_each(|mutation| mutate(&mut text, mutation));
        search_checks::search(text.as_bytes());
    }

    #[test]
    fn noise(text in "\\PC{0,40}") {
        search_checks::search(text.as_bytes());
    }
}

#[test]
fn whole() {
    for search in SEARCHES {
        assert!(query::search::parse(search).is_ok(), "{search}");
        search_checks::search(search.as_bytes());
    }
}

#[test]
fn long() {
    for piece in pieces() {
        search_checks::search(format!("{piece} ").repeat(200).as_bytes());
        search_checks::search(piece.repeat(200).as_bytes());
    }
}
