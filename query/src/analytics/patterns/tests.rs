use super::*;

fn lines<'a>(bodies: &[&'a str]) -> Vec<Line<'a>> {
    bodies.iter().map(|body| Line { body, severity_number: 9, service_name: None }).collect()
}

/// `expected` is one line per template, most frequent first: count and template.
fn check(bodies: &[&str], expected: &[&str]) {
    check_within(&Limits::default(), bodies, expected);
}

fn check_within(limits: &Limits, bodies: &[&str], expected: &[&str]) {
    let mined = mine(lines(bodies), limits);
    let texts: Vec<String> = mined.patterns.iter().map(|pattern| format!("{} {}", pattern.count, pattern.template)).collect();
    assert_eq!(texts, expected);
    assert_eq!(mined.line_count, bodies.len() as u64);
    assert_eq!(mined.patterns.iter().map(|pattern| pattern.count).sum::<u64>(), mined.line_count);
}

#[test]
fn values_become_placeholders() {
    check(&["user-7 paid 3.5 in 12ms from 10.0.0.7:443"], &["1 user-<num> paid <num> in <duration> from <ip>"]);
    check(&["read 12MB of d466bc85-6ada-4ec7-b419-c5a61f59bd1a at 2023-01-30 19:50:53.327"], &["1 read <size> of <uuid> at <time>"]);
    check(&["GET http://pay:8080/orders/17?full=1 took 1h2m"], &["1 GET http://pay:<num>/orders/<num>?full=<num> took <duration>"]);
    check(&["ids [1, 2,3] (4) done."], &["1 ids [<num>] (<num>) done."]);
    check(&["at com.foo.Bar$1.baz(Bar.java:12)"], &["1 at com.foo.Bar$<num>.baz(Bar.java:<num>)"]);
    check(&["trace=c46355406540fc81 x=-5 y=+3 z=a-5"], &["1 trace=<hex> x=<num> y=<num> z=a-<num>"]);
    check(&["", "   ", "---", "你好"], &["2 ", "1 ---", "1 你好"]);
}

#[test]
fn lines_that_differ_in_a_word_are_one_template() {
    check(
        &[
            "user bob logged in from 10.0.0.1",
            "user alice logged in from 10.0.0.2",
            "user bob logged out",
            "user carl logged in from 10.0.0.3",
        ],
        &["3 user <*> logged in from <ip>", "1 user bob logged out"],
    );
    check(
        &["connection to ts-order-service lost", "connection to ts-food-service lost", "connection to ts-food-service lost"],
        &["3 connection to ts-<*>-service lost"],
    );
    check(
        &["12:00:01 INFO user-7 paid 3.5 for order 8f14e45fceea167a", "12:00:09 WARN user-8 paid 12 for order c9f0f895fb98ab91"],
        &["2 <time> <*> user-<num> paid <num> for order <hex>"],
    );
    check(&["span c46355406540fc81 ok", "span 1234567812345678 ok", "span 1 ok"], &["3 span <hex> ok"]);
    check(&["span 1234567812345678 ok", "span c46355406540fc81 ok"], &["2 span <hex> ok"]);
    check(&["level=info msg=started port=80", "level=warn msg=started port=81"], &["2 level=<*> msg=started port=<num>"]);
}

#[test]
fn lines_that_say_different_things_are_not() {
    check(&["order created", "order cancelled [late]"], &["1 order created", "1 order cancelled [late]"]);
    check(&["cache: miss", "cache miss", "cache [miss]"], &["1 cache: miss", "1 cache miss", "1 cache [miss]"]);
    check(&["lock acquired by worker", "disk failed on startup"], &["1 lock acquired by worker", "1 disk failed on startup"]);
    let header = "19:50:53.327 INFO t.s.TravelService#260 TraceID: 66ea073509f4c2132258542dd751ef21 SpanID: c46355406540fc81";
    let (one, other) = (format!("{header} query tickets"), format!("{header} cancel order"));
    let text = "<time> INFO t.s.TravelService#<num> TraceID: <hex> SpanID: <hex>";
    check(&[&one, &other, &one], &[&format!("2 {text} query tickets"), &format!("1 {text} cancel order")]);
}

#[test]
fn chinese_is_told_apart_and_put_together() {
    check(
        &["用户10086登录失败，错误码5001", "用户10010登录失败，错误码5002", "库存不足", "余额不足", "熔断器已打开", "库存不足"],
        &["2 用户<num>登录失败，错误码<num>", "2 库存不足", "1 余额不足", "1 熔断器已打开"],
    );
    check(&["用户张三登录失败", "用户李四登录失败", "用户欧阳修登录失败"], &["3 用户<*>登录失败"]);
    check(
        &["订单创建成功，订单号：8f14e45fceea167a，用户：张三，耗时12ms", "订单创建成功，订单号：c9f0f895fb98ab91，用户：李四，耗时7ms"],
        &["2 订单创建成功，订单号：<hex>，用户：<*>，耗时<duration>"],
    );
    check(&["调用【支付服务】超时 3 次", "调用【订单服务】超时 12 次"], &["2 调用【<*>】超时 <num> 次"]);
}

#[test]
fn only_the_first_line_and_so_many_tokens_are_looked_at() {
    check(&["boom\n  at a.b.C(C.java:1)\n  at d", "boom\n  at e", "boom"], &["2 boom <*>", "1 boom"]);
    let long = |number: usize| format!("start {}", format!("w{number} ").repeat(5_000));
    let limits = Limits { tokens_max: 4, ..Limits::default() };
    check_within(&limits, &[&long(1), &long(1), "start w1 w1"], &["2 start w1 w1 <*>", "1 start w1 w1"]);
    let token = "e".repeat(200);
    check(&[&format!("token {token} used"), &format!("token {token}e used")], &["2 token <*> used"]);
    check(&[&"漢".repeat(300), &"=".repeat(9_000)], &["1 <*>", "1 ================"]);
    check(&[&"é".repeat(20_000)], &["1 <*> <*>"]);
}

#[test]
fn limits_hold_and_every_line_still_has_a_template() {
    let words = ["one", "two", "three", "four", "five", "six"];
    let bodies: Vec<String> = words.iter().map(|word| format!("{word} {word} {word}")).collect();
    let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
    let limits = Limits { templates_max: 2, ..Limits::default() };
    check_within(&limits, &bodies, &["4 <*>", "1 one one one", "1 two two two"]);
    let limits = Limits { first_words_max: 1, leaf_templates_max: 2, ..Limits::default() };
    check_within(&limits, &bodies, &["4 <*> <*> <*>", "1 one one one", "1 three three three"]);
    let limits = Limits { leaf_templates_max: 0, ..Limits::default() };
    check_within(&limits, &["go a b c", "go d e f"], &["2 go <*> <*> <*>"]);
}

/// Lines put together from what is easily cut in the wrong place.
#[test]
fn strange_lines_are_counted_too() {
    const PIECES: [&str; 30] = [
        "<",
        ">",
        "<num>",
        "<*>",
        "://",
        "1",
        "e",
        "-",
        "+",
        "ms",
        "µs",
        "：",
        "，",
        "漢",
        "字",
        "é",
        "\u{301}",
        ".",
        "?",
        "\n",
        " ",
        "\t",
        "0x",
        "::",
        "12:00:00",
        "2023-01-30",
        "🦀",
        "\u{200b}",
        "=",
        "\0",
    ];
    let mut state = 7_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let bodies: Vec<String> = (0..20_000).map(|_| (0..next(14)).map(|_| PIECES[next(PIECES.len())]).collect()).collect();
    let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
    let limits = Limits { templates_max: 500, sample_bytes_max: 5, ..Limits::default() };
    let mined = mine(lines(&bodies), &limits);
    assert_eq!(mined.patterns.iter().map(|pattern| pattern.count).sum::<u64>(), 20_000);
    assert!(mined.patterns.len() <= 501);
    assert_eq!(mined, mine(lines(&bodies), &limits));
}

#[test]
fn counts_split_by_severity_and_service() {
    let limits = Limits { services_max: 2, samples_max: 2, sample_bytes_max: 10, ..Limits::default() };
    let line = |body, severity_number, service_name| Line { body, severity_number, service_name };
    let mined = mine(
        [
            line("job 1 done", 9, Some("a")),
            line("job 2 done and more", 1, None),
            line("job 1 done", 17, Some("b")),
            line("job 3 done", 24, Some("b")),
            line("job 4 done", 99, Some("c")),
            line("职位已经关闭", 13, None),
        ],
        &limits,
    );
    let job = &mined.patterns[0];
    assert_eq!((job.template.as_str(), job.count, job.share), ("job <num> done", 4, 4.0 / 6.0));
    let severities = Severities { info: 1, error: 1, fatal: 1, unspecified: 1, ..Severities::default() };
    assert_eq!((job.severities, job.severities.total()), (severities, 4));
    let services: Vec<(&str, u64)> = job.services.iter().map(|service| (service.service_name.as_str(), service.count)).collect();
    assert_eq!((services, job.other_services_count), (vec![("b", 2), ("a", 1)], 1));
    assert_eq!(job.samples, ["job 1 done", "job 3 done"]);
    assert_eq!(mined.patterns[1].samples, ["job 2 done"]);
    assert_eq!(mined.patterns[2].samples, ["职位已"]);
    assert_eq!(mine([], &limits), Patterns { line_count: 0, patterns: vec![] });
}
