//! What a word is. The Bloom filters, the inverted index and the exact filter all cut texts here, so that they agree.
//!
//! 1. A text is cut into runs of letters and digits; everything else separates.
//! 2. A run of an alphabet is a word: in lower case, cut after [`WORD_BYTES_MAX`] bytes, so that longer words with the same
//!    beginning are the same word.
//! 3. A run of Chinese, Japanese or Korean has no spaces to cut at. Its tokens are its overlapping pairs of characters; one
//!    character alone is its own token. A dictionary would cut by context, and a query has none.
//!
//! ```text
//! 订单order-42创建失败   ->   订单  order  42  创建  建失  失败
//! ```
//! Nothing but case is folded: accents and full-width letters stay what they are.

/// A word has at most so many bytes in lower case.
pub const WORD_BYTES_MAX: usize = 256;

/// Neighbouring letters and digits of a text, as they stand there; never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run<'a> {
    Word(&'a str),
    /// Chinese, Japanese or Korean.
    Cjk(&'a str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Separator,
    Word,
    Cjk,
}

fn class(c: char) -> Class {
    match c {
        _ if c.is_ascii_alphanumeric() => Class::Word,
        _ if c.is_ascii() || !c.is_alphanumeric() => Class::Separator,
        _ if is_cjk(c) => Class::Cjk,
        _ => Class::Word,
    }
}

/// Han, kana and Hangul. <https://www.unicode.org/Public/UCD/latest/ucd/Blocks.txt>
fn is_cjk(c: char) -> bool {
    matches!(c,
        '\u{3005}'..='\u{3007}'                                                              // 々〆〇
        | '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{ff66}'..='\u{ff9f}'           // kana
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'           // Han
        | '\u{20000}'..='\u{3ffff}'                                                          // Han, rare
        | '\u{ac00}'..='\u{d7a3}' // Hangul syllables
    )
}

/// Bytes at the start of `text` whose characters are all of `wanted`.
pub(super) fn length_of(text: &str, wanted: Class) -> usize {
    let bytes = text.as_bytes();
    let mut end = 0;
    while let Some(byte) = bytes.get(end) {
        if byte.is_ascii() {
            let is_word = byte.is_ascii_alphanumeric();
            if (wanted == Class::Word) != is_word || wanted == Class::Cjk {
                break;
            }
            end += 1;
            continue;
        }
        match text[end..].chars().next() {
            Some(c) if class(c) == wanted => end += c.len_utf8(),
            _ => break,
        }
    }
    end
}

/// The runs of `text`, in order.
pub fn runs(text: &str) -> Runs<'_> {
    Runs { rest: text }
}

/// See [`runs`].
#[derive(Debug, Clone)]
pub struct Runs<'a> {
    rest: &'a str,
}

impl<'a> Runs<'a> {
    /// What follows the run that was given last.
    pub(super) fn rest(&self) -> &'a str {
        self.rest
    }
}

impl<'a> Iterator for Runs<'a> {
    type Item = Run<'a>;

    fn next(&mut self) -> Option<Run<'a>> {
        let text = &self.rest[length_of(self.rest, Class::Separator)..];
        let class = class(text.chars().next()?);
        let (run, rest) = text.split_at(length_of(text, class));
        self.rest = rest;
        Some(if class == Class::Cjk { Run::Cjk(run) } else { Run::Word(run) })
    }
}

/// The characters of a word as its token has them.
fn folded(word: &str) -> impl Iterator<Item = char> + '_ {
    let mut bytes_left = WORD_BYTES_MAX;
    // Some letters become a letter and a mark: marks separate words and cannot be part of one.
    let lower = word.chars().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric());
    lower.map_while(move |c| {
        bytes_left = bytes_left.checked_sub(c.len_utf8())?;
        Some(c)
    })
}

/// The token of a word. Copied into `scratch` only when it differs from how the word stands in the text.
pub fn fold<'a>(word: &'a str, scratch: &'a mut String) -> &'a str {
    if word.len() <= WORD_BYTES_MAX && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
        return word;
    }
    scratch.clear();
    if word.is_ascii() {
        scratch.push_str(&word[..word.len().min(WORD_BYTES_MAX)]);
        scratch.make_ascii_lowercase();
    } else {
        scratch.extend(folded(word));
    }
    scratch
}

/// Whether the token of `word` is `token`.
pub(super) fn is_token(word: &str, token: &str) -> bool {
    if word.is_ascii() && word.len() <= WORD_BYTES_MAX { word.eq_ignore_ascii_case(token) } else { folded(word).eq(token.chars()) }
}

/// Whether the token of `word` begins with `prefix`.
pub(super) fn begins_with(word: &str, prefix: &str) -> bool {
    let mut letters = folded(word);
    prefix.chars().all(|wanted| letters.next() == Some(wanted))
}

/// Calls `token` with every token of `text`, in order, repeated ones included. `scratch` is only memory to reuse.
pub fn for_each_token(text: &str, scratch: &mut String, mut token: impl FnMut(&str)) {
    for run in runs(text) {
        match run {
            Run::Word(word) => token(fold(word, scratch)),
            Run::Cjk(run) => for_each_pair(run, &mut token),
        }
    }
}

/// The tokens of a run of CJK.
pub(super) fn for_each_pair<'a>(run: &'a str, mut token: impl FnMut(&'a str)) {
    let mut ends = run.char_indices().map(|(start, c)| start + c.len_utf8());
    let Some(mut middle) = ends.next() else { return };
    if middle == run.len() {
        return token(run);
    }
    let mut start = 0;
    for end in ends {
        token(&run[start..end]);
        (start, middle) = (middle, end);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tokens(text: &str) -> Vec<String> {
        let mut tokens = Vec::new();
        for_each_token(text, &mut String::new(), |token| tokens.push(token.to_owned()));
        tokens
    }

    #[test]
    fn sentences() {
        let check = |text: &str, expected: &str| assert_eq!(tokens(text).join(" "), expected, "{text}");
        check("", "");
        check(" -- !", "");
        check("Lock lost", "lock lost");
        check("库存不足", "库存 存不 不足");
        check("熔断器已打开", "熔断 断器 器已 已打 打开");
        check("用户登录失败", "用户 户登 登录 录失 失败");
        check("用户登录失败，请重试。", "用户 户登 登录 录失 失败 请重 重试");
        check("订单order-42创建失败", "订单 order 42 创建 建失 失败");
        check("剩余5个", "剩余 5 个");
        check("在庫が足りません", "在庫 庫が が足 足り りま ませ せん");
        check("ﾃﾞｰﾀ", "ﾃﾞ ﾞｰ ｰﾀ");
        check("재고 부족", "재고 부족");
        check("々〇", "々〇");
        check("カード・エラー", "カー ード エラ ラー");
        check("STRASSE Straße ΣΊΣΥΦΟΣ Ошибка", "strasse straße σίσυφοσ ошибка");
        check("İzmir 20\u{212a}", "izmir 20k");
        check("cafe\u{301} au lait", "cafe au lait");
    }

    #[test]
    fn log_lines() {
        let check = |text: &str, expected: &[&str]| assert_eq!(tokens(text), expected, "{text}");
        check(
            "2026-11-25T02:13:07.123Z ERROR [http-nio-8080-exec-1] c.e.Gateway - timeout after 3000ms",
            &[
                "2026", "11", "25t02", "13", "07", "123z", "error", "http", "nio", "8080", "exec", "1", "c", "e", "gateway", "timeout",
                "after", "3000ms",
            ],
        );
        check("trace=4BF92F3577B34DA6A3CE929D0E0E4736", &["trace", "4bf92f3577b34da6a3ce929d0e0e4736"]);
        check("/api/v1/orders/42?user_id=7", &["api", "v1", "orders", "42", "user", "id", "7"]);
        check("{\"code\":\"E5001\",\"ok\":false}", &["code", "e5001", "ok", "false"]);
        check("C:\\Windows\\x.dll", &["c", "windows", "x", "dll"]);
    }

    #[test]
    fn long_words_are_cut_between_characters() {
        let long = "A".repeat(WORD_BYTES_MAX + 5);
        assert_eq!(tokens(&long), [long[..WORD_BYTES_MAX].to_lowercase()]);
        let wide = format!("x{}", "é".repeat(WORD_BYTES_MAX));
        assert_eq!(tokens(&wide), [format!("x{}", "é".repeat((WORD_BYTES_MAX - 1) / 2))]);
        assert!(is_token(&long, &"a".repeat(WORD_BYTES_MAX)) && !is_token(&long, &"a".repeat(WORD_BYTES_MAX - 1)));
    }

    proptest! {
        #[test]
        fn a_token_is_its_own_only_token(text in "\\PC{0,40}|[a-zA-Z0-9 .库存不足İKΣß]{0,40}") {
            for token in tokens(&text) {
                prop_assert!(!token.is_empty() && token.len() <= WORD_BYTES_MAX);
                prop_assert_eq!(tokens(&token), [token]);
            }
        }

        #[test]
        fn comparing_without_a_copy_is_comparing_tokens(word in "[a-zA-Z0-9İKΣßéÉ]{1,12}", other in "[a-z0-9ikσßé]{1,12}") {
            let mut scratch = String::new();
            let token = fold(&word, &mut scratch).to_owned();
            prop_assert!(is_token(&word, &token) && begins_with(&word, &token));
            prop_assert_eq!(is_token(&word, &other), token == other);
            prop_assert_eq!(begins_with(&word, &other), token.starts_with(&other));
        }
    }
}
