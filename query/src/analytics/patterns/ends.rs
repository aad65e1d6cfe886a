//! How words that differ start and end alike: `ts-order-service` and `ts-food-service`, 用户张三登录失败 and 用户李四登录失败.

use super::tokens::is_ideograph;

/// Of ideographs, at least this share of the longer word: 库存不足 and 余额不足 say different things.
const IDEOGRAPHS_SHARE_MIN: (usize, usize) = (3, 5);

/// The start and the end of all words of a frame, or of one word in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ends<S = Box<str>> {
    pub(super) start: S,
    pub(super) end: S,
    /// Both are the same one word.
    whole: bool,
}

impl<'a> Ends<&'a str> {
    pub(super) fn of(word: &'a str) -> Self {
        Self { start: word, end: word, whole: true }
    }
}

impl<S: AsRef<str>> Ends<S> {
    pub(super) fn fit(&self, word: &str) -> bool {
        let (start, end) = (self.start.as_ref(), self.end.as_ref());
        word.len() >= start.len() + end.len() && word.starts_with(start) && word.ends_with(end)
    }

    /// What is left of the ends when `word` joins in; `None` when that says nothing. Words of letters part where punctuation is
    /// (`user-<*>`) and must keep a letter; words of ideographs part anywhere and must keep most.
    pub(super) fn shared_with(&self, word: &str) -> Option<Ends<&str>> {
        let (start, end) = (self.start.as_ref(), self.end.as_ref());
        let ideographs = word.starts_with(is_ideograph) && (start.starts_with(is_ideograph) || end.ends_with(is_ideograph));
        let may_part = |text: &str, at: usize| text.is_char_boundary(at) && (ideographs || is_seam(text, at));

        let same = start.bytes().zip(word.bytes()).take_while(|(one, other)| one == other).count();
        let head = (0..=same).rev().find(|at| may_part(start, *at)).unwrap_or_default();
        let room = if self.whole { word.len().min(end.len()) - head } else { word.len() - head };
        let same = end.bytes().rev().zip(word.bytes().rev()).take(room).take_while(|(one, other)| one == other).count();
        let tail = (0..=same).rev().find(|length| may_part(end, end.len() - length)).unwrap_or_default();

        let (head, tail) = (&start[..head], &end[end.len() - tail..]);
        let says_something = if ideographs {
            let longest = chars(word).max(if self.whole { chars(start) } else { 0 });
            (chars(head) + chars(tail)) * IDEOGRAPHS_SHARE_MIN.1 >= longest * IDEOGRAPHS_SHARE_MIN.0
        } else {
            head.contains(char::is_alphanumeric) || tail.contains(char::is_alphanumeric)
        };
        says_something.then_some(Ends { start: head, end: tail, whole: false })
    }

    pub(super) fn to_boxes(&self) -> Ends {
        Ends { start: self.start.as_ref().into(), end: self.end.as_ref().into(), whole: self.whole }
    }
}

/// Whether a word of letters may be parted at `at`: at its ends, and next to punctuation outside placeholders.
fn is_seam(text: &str, at: usize) -> bool {
    let (head, tail) = text.split_at(at);
    let punctuation = |c: char| !c.is_alphanumeric();
    let between = head.is_empty() || tail.is_empty() || head.ends_with(punctuation) || tail.starts_with(punctuation);
    between && head.rfind('<') <= head.rfind('>')
}

fn chars(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The frame of all words, one after the other; empty when they have none.
    fn check(words: &[&str], expected: &str) {
        let mut ends = Some(Ends::of(words[0]).to_boxes());
        for word in &words[1..] {
            ends = ends.and_then(|ends| if ends.fit(word) { Some(ends) } else { ends.shared_with(word).map(|ends| ends.to_boxes()) });
        }
        assert!(ends.iter().all(|ends| words.iter().all(|word| ends.fit(word))), "{words:?} {ends:?}");
        assert_eq!(ends.map(|ends| format!("{}<*>{}", ends.start, ends.end)).unwrap_or_default(), expected, "{words:?}");
    }

    #[test]
    fn words_of_letters_part_at_punctuation() {
        check(&["ts-order-service", "ts-food-service"], "ts-<*>-service");
        check(&["/api/users/bob", "/api/users/alice"], "/api/users/<*>");
        check(&["bob@example.com", "al@example.com"], "<*>@example.com");
        check(&["ts-order-service", "ts-food-service", "ts-food-gateway"], "ts-<*>");
        check(&["ts-order-service", "ts-food-service", "other"], "");
        check(&["started", "stopped"], "");
        check(&["/a", "/b"], "");
        check(&["v-<num>", "v-<hex>"], "v-<*>");
        check(&["v<num>", "v<hex>"], "v<*>");
        check(&["a-a", "a-a-a"], "a-a<*>");
    }

    #[test]
    fn words_of_ideographs_part_anywhere_and_keep_most() {
        check(&["用户张三登录失败", "用户李四登录失败"], "用户<*>登录失败");
        check(&["用户张三登录失败", "用户欧阳修登录失败", "用户李四登录失败"], "用户<*>登录失败");
        check(&["支付服务调用失败", "订单服务调用失败"], "<*>服务调用失败");
        check(&["库存不足", "余额不足"], "");
        check(&["熔断器已打开", "用户登录失败"], "");
        check(&["失败失败", "失败失败失败"], "失败失败<*>");
        check(&["用户登录失败", "user"], "");
    }
}
