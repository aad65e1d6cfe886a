//! Telemetry with a bit of everything that searches ask for. The same seed gives the same records.

use crate::{
    loaded::Loaded,
    records::{Any, Attributes, Event, Link, Log, Source, Span, attributes},
};

pub(crate) const SERVICES: &[&str] = &["web", "pay", "cart", "库存"];
pub(crate) const NAMES: &[&str] = &["GET /checkout", "POST /pay", "charge card", "SELECT card", "预留库存", "Lock lost", "ping"];
pub(crate) const BODIES: &[&str] = &[
    "商品库存不足，订单order-42创建失败",
    "支付熔断器已打开",
    "用户登录失败：密码错误",
    "登录 失败",
    "ERROR: the Lock was lost after 3 s",
    "lock lost",
    "timeouts=3 user_id=7",
    "xtimeout of card 5001-1",
    "",
];

/// Dice that fall the same way each time (splitmix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// Below `sides`.
    pub(crate) fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    pub(crate) fn once_in(&mut self, times: u64) -> bool {
        self.throw(times) == 0
    }

    pub(crate) fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.throw(of.len() as u64) as usize].clone()
    }

    pub(crate) fn text(&mut self, of: &[&str]) -> String {
        self.pick(of).to_owned()
    }
}

/// 2026-09-21T14:13:20Z
const START_NS: i64 = 1_790_000_000_000_000_000;

/// One request of spans and one of logs.
pub(crate) struct Batch {
    pub(crate) spans: Vec<Span>,
    pub(crate) logs: Vec<Log>,
}

impl Batch {
    pub(crate) fn send(&self, loaded: &Loaded) {
        loaded.send_spans(&self.spans);
        loaded.send_logs(&self.logs);
    }
}

/// Ids and times go on from batch to batch; traces are spread over all of them.
pub(crate) fn batches(seed: u64, count: usize, size: u64) -> Vec<Batch> {
    let mut dice = Dice(seed);
    let traces = count as u64 * size / 5 + 1;
    (0..count as u64)
        .map(|batch| {
            let ids = batch * size + 1..=(batch + 1) * size;
            Batch {
                spans: ids.clone().map(|id| span(&mut dice, id, traces)).collect(),
                logs: ids.map(|id| log(&mut dice, id, traces)).collect(),
            }
        })
        .collect()
}

fn source(dice: &mut Dice) -> Source {
    let mut resource = Vec::new();
    match dice.throw(12) {
        0 => {}
        1 => resource.push(("service.name".to_owned(), Any::Int(5))),
        _ => resource.push(("service.name".to_owned(), Any::Text(dice.text(SERVICES)))),
    }
    let environment = dice.pick(&["deployment.environment", "deployment.environment.name", "other"]);
    resource.push((environment.to_owned(), dice.pick(&["prod", "test"]).into()));
    if dice.once_in(2) {
        resource.push(("k8s.pod.name".to_owned(), dice.pick(&["pay-1", "pay-2", "web-1"]).into()));
    }
    if dice.once_in(2) {
        resource.push(("shard".to_owned(), dice.pick(&[Any::Int(7), "7".into(), "8".into()])));
    }
    let named = !dice.once_in(3);
    Source {
        resource,
        scope_name: named.then(|| dice.text(&["http", "grpc"])),
        scope_version: dice.once_in(2).then(|| "2.1".to_owned()),
        scope: if named && dice.once_in(2) { attributes([("team", dice.pick(&["front", "back"]).into())]) } else { vec![] },
    }
}

/// Keys with the values that are sent under them, in all the types in which one sees them.
fn any_of_everything(dice: &mut Dice) -> Attributes {
    let choices: &[(&str, &[Any])] = &[
        ("user.id", &["u-1".into(), "u-2".into(), "U-1".into(), "订单5001".into()]),
        ("cart.items", &[Any::Int(0), Any::Int(3), "3".into(), Any::Int(12), "many".into(), Any::Double(3.5)]),
        ("price", &[Any::Double(19.5), Any::Double(-1.5), Any::Int(20), "20".into(), Any::Double(1e21)]),
        ("vip", &[Any::Bool(true), Any::Bool(false), "TRUE".into()]),
        ("size", &["5kb".into(), Any::Int(4096), "4KiB".into(), "large".into()]),
        ("timeout", &["1500ms".into(), "2s".into(), Any::Int(3), "1m30s".into(), "never".into()]),
        ("at", &["2026-09-21T14:13:20Z".into(), "2026-09-21T16:13:21+02:00".into(), "today".into()]),
        ("error_code", &["5001".into(), Any::Int(5001), "50010".into(), "PAY-1".into()]),
        ("订单号", &["5001-1".into(), "5002-7".into()]),
        ("tags", &[Any::List(vec!["a".into(), Any::Int(1)]), Any::Empty]),
        ("team", &["front".into(), "data".into()]),
        ("shard", &[Any::Int(7), "9".into()]),
        ("name", &["not the name".into()]),
        ("http.request.method", &["GET".into(), "POST".into(), Any::Int(1)]),
        ("http.method", &["GET".into(), "PUT".into()]),
        ("http.response.status_code", &[Any::Int(200), Any::Int(404), Any::Int(503), "200".into()]),
        ("http.status_code", &[Any::Int(200), Any::Int(500), "500".into()]),
        ("server.address", &["db.local".into(), "pay.local".into()]),
        ("net.peer.name", &["pay.local".into(), "web.local".into()]),
        ("net.host.name", &["web.local".into(), "10.0.0.1".into()]),
        ("exception.type", &["Timeout".into(), "java.io.IOException".into()]),
        ("exception.message", &["lock lost".into(), "登录失败 3".into(), Any::Int(3)]),
        ("service.name", &["inner".into()]),
    ];
    let mut chosen = Vec::new();
    for (key, values) in choices {
        if dice.once_in(4) {
            chosen.push(((*key).to_owned(), dice.pick(values)));
        }
    }
    chosen
}

fn span(dice: &mut Dice, id: u64, traces: u64) -> Span {
    let event = |dice: &mut Dice, index: i64| Event {
        time_ns: START_NS + id as i64 * 1_000_000_000 + index,
        name: dice.text(&["exception", "retry", "库存 checked"]),
        attributes: any_of_everything(dice).into_iter().filter(|(key, _)| key.starts_with('e') || key.starts_with('u')).collect(),
    };
    let parent = match dice.throw(8) {
        0 => None,
        // Its own parent, a parent that comes later, and one that never comes.
        1 => Some(id),
        2 => Some(id + dice.throw(20)),
        3 => Some(1 << 40),
        _ => Some(1 + dice.throw(id)),
    };
    Span {
        source: source(dice),
        trace: u128::from(1 + dice.throw(traces)),
        id,
        parent,
        name: dice.text(NAMES),
        kind: dice.pick(&[0, 1, 2, 2, 3, 3, 4, 5]),
        start_ns: START_NS + id as i64 * 1_000_000_000,
        duration_ns: dice.pick(&[-1000, 0, 250_000, 1_000_000, 150_000_000, 1_500_000_000, 60_000_000_000]),
        status: dice.pick(&[0, 0, 1, 2]),
        status_message: dice.once_in(5).then(|| dice.text(&["payment refused", "the lock", "库存不足"])),
        attributes: any_of_everything(dice),
        events: (0..dice.throw(3) as i64).map(|index| event(dice, index)).collect(),
        links: if dice.once_in(6) { vec![Link { trace: 1, span: 1, attributes: vec![] }] } else { vec![] },
    }
}

/// Its number is the attribute `record`.
fn log(dice: &mut Dice, id: u64, traces: u64) -> Log {
    let body = match dice.throw(8) {
        0 => None,
        1 => Some(Any::Map(attributes([("event", "login".into()), ("用户", "登录失败".into()), ("lock", Any::Int(3))]))),
        2 => Some(Any::Int(5001)),
        _ => Some(Any::Text(dice.text(BODIES))),
    };
    let mut attributes = any_of_everything(dice);
    attributes.push(("record".to_owned(), Any::Int(id as i64)));
    Log {
        source: source(dice),
        time_ns: START_NS + id as i64 * 1_000_000_000,
        observed_ns: 0,
        trace: (!dice.once_in(3)).then(|| u128::from(1 + dice.throw(traces + 2))),
        span: dice.once_in(2).then(|| 1 + dice.throw(id)),
        severity: dice.pick(&[0, 1, 5, 9, 9, 10, 13, 16, 17, 21, 24]),
        severity_text: dice.once_in(2).then(|| dice.text(&["INFO", "error", "警告"])),
        body,
        event_name: dice.once_in(6).then(|| dice.text(&["login", "logout"])),
        attributes,
    }
}
