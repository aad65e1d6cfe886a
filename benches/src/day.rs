//! A bench that asks over a day of data: loaded by its first run over a directory, only asked by later ones.

use std::{
    cell::Cell,
    env, fs,
    path::PathBuf,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde_json::Value;

use crate::{Client, Cores, Server, Times};

/// A server over the directory that the command line names.
pub struct Day {
    pub server: Server,
    /// When the data ends, in seconds since 1970: a full minute.
    pub end: u64,
    /// How many windows were asked for.
    asked: Cell<u64>,
}

/// Arguments of the command line: the directory, then numbers.
pub struct Arguments(Vec<String>);

impl Arguments {
    pub fn of_command_line() -> Self {
        Self(env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect())
    }

    /// The number at `place` behind the directory.
    ///
    /// # Panics
    /// When it is none.
    pub fn number(&self, place: usize, default: u64) -> u64 {
        self.0.get(place + 1).map_or(default, |text| text.parse().expect("a number"))
    }
}

impl Day {
    /// `load` sends the data when the directory has none, which may take minutes. `None`, and it says why, when the environment does not
    /// name a build or the command line no directory.
    ///
    /// # Panics
    /// When the directory cannot be used.
    #[expect(clippy::print_stderr, reason = "for who started the bench")]
    pub fn open(arguments: &Arguments, load: impl FnOnce(&Server, u64)) -> Option<Self> {
        let Some(binary) = env::var_os("FUSEBOX_BIN").map(PathBuf::from) else {
            eprintln!("SKIPPED: FUSEBOX_BIN does not name a build of fusebox");
            return None;
        };
        let Some(directory) = arguments.0.first().map(PathBuf::from) else {
            eprintln!("SKIPPED: the first argument is the directory for the data, which is kept");
            return None;
        };
        let (data_dir, loaded) = (directory.join("data"), directory.join("loaded"));
        fs::create_dir_all(&data_dir).expect("a directory");
        let server = Server::start(&binary, &data_dir, Cores::Shared);
        let end = match fs::read_to_string(&loaded) {
            Ok(end) => end.parse().expect("seconds"),
            Err(_) => {
                let end = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() / 60 * 60;
                load(&server, end);
                fs::write(&loaded, end.to_string()).expect("a mark");
                end
            }
        };
        Some(Self { server, end, asked: Cell::default() })
    }

    /// Waits until all is in blocks, and says what is stored.
    #[expect(clippy::print_stdout, reason = "its figures are its product")]
    pub fn print_stored(server: &Server) {
        server.wait_until_flushed(Duration::from_secs(600));
        for table in server.tables().iter().filter(|table| table["rows"] != 0) {
            println!("{}: {} rows, {} bytes in {} blocks", table["table"], table["rows"], table["block_bytes"], table["blocks"]);
        }
    }

    /// The names of what [`Day::measure`] says.
    #[expect(clippy::print_stdout, reason = "its figures are its product")]
    pub fn print_head() {
        println!("{:<32} {:>9} {:>9} {:>9} {:>9} {:>11} {:>9}", "", "first ms", "p50 ms", "longest", "CPU ms", "rows", "MB");
    }

    /// Asks `route` over the last `hours`, each time for a window a second earlier than the one before, whatever was asked, so that no answer is one that was kept. The
    /// last answer.
    ///
    /// # Panics
    /// When it is not answered.
    #[expect(clippy::print_stdout, reason = "its figures are its product")]
    pub fn measure(&self, client: &mut Client, (route, hours, goal_ms): (&str, u64, f64), repeats: u64) -> Value {
        let mut once = || {
            let asked = self.asked.replace(self.asked.get() + 1);
            let (start, end) = (self.end - hours * 3600 - asked, self.end - asked);
            let begin = Instant::now();
            let (status, body) = client.get(&format!("/api/v1/{route}?start={start}&end={end}"));
            let took = begin.elapsed();
            assert_eq!(status, 200, "{route}: {}", String::from_utf8_lossy(&body));
            (took, serde_json::from_slice::<Value>(&body).expect("JSON"))
        };
        let (first, mut answer) = once();
        let cpu_before = self.server.cpu_seconds();
        let mut times = Vec::new();
        for _ in 0..repeats.max(1) {
            let (took, next) = once();
            times.push(took);
            answer = next;
        }
        let cpu_ms = (self.server.cpu_seconds() - cpu_before) * 1e3 / times.len() as f64;
        let times = Times::new(times);
        let megabytes = answer["meta"]["scanned_bytes"].as_f64().unwrap_or_default() / 1e6;
        let (p50, longest) = (times.quantile_ms(0.5), times.quantile_ms(1.0));
        let (name, first, rows) = (format!("{route}, {hours} h"), first.as_secs_f64() * 1e3, answer["meta"]["scanned_rows"].to_string());
        println!("{name:<32} {first:>9.1} {p50:>9.1} {longest:>9.1} {cpu_ms:>9.1} {rows:>11} {megabytes:>9.1}   (goal {goal_ms} ms)");
        answer
    }
}
