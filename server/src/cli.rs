//! What can be typed.

mod ask;
mod files;
mod house;

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use ask::{
    ApiArguments, BreakersArguments, CountArgument, ErrorsArguments, ErrorsFormat, OutputFormat, QueryArguments, SearchTable,
    TailArguments, TailFormat, TailTable, TraceArguments,
};
pub(crate) use files::{DeliveryArguments, ExportArguments, ExportFormat, ImportArguments, ImportFormat, SendArguments};
pub(crate) use house::{
    BackupArguments, CompactArguments, ConfigCommand, ConfigShowArguments, HouseFormat, InspectArguments, Inspected, ReclassifyArguments,
    RestoreArguments, RetainArguments, ShownArguments,
};

use crate::config;

/// OpenTelemetry in, durable, and out again by trace id.
#[derive(Debug, Parser)]
#[command(name = "fusebox", version, about, max_term_width = 120)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage, 69 not available (port, data directory, server), 78 wrong configuration."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server.
    Serve(ServeArguments),
    /// Run the server with live telemetry of a demo shop.
    Demo(DemoArguments),
    /// Replay files to an OTLP endpoint.
    Send(SendArguments),
    /// Show one trace as a waterfall.
    Trace(TraceArguments),
    /// Ask a running server in SQL, or find spans, logs and traces with a search.
    Query(QueryArguments),
    /// List error codes: how many, since when, where they are born, and what they mean.
    Errors(ErrorsArguments),
    /// Show circuit breakers over time: states, trips, refused calls.
    Breakers(BreakersArguments),
    /// Follow logs or spans as they arrive.
    Tail(TailArguments),
    /// Write what is stored into a file: OTLP, Jaeger JSON or Zipkin JSON.
    Export(ExportArguments),
    /// Send files of other systems to an OTLP endpoint: OTLP, Jaeger JSON or Zipkin JSON.
    Import(ImportArguments),
    /// Check configuration and environment without starting.
    Check(ServeArguments),
    /// Read everything on disk and tell what is damaged.
    Verify(VerifyArguments),
    /// Tell what is in the files: of the write-ahead log, blocks, the catalog, indexes.
    Inspect(InspectArguments),
    /// Have small blocks written anew as few large ones.
    Compact(CompactArguments),
    /// Have stored rows looked at again, with the rules that count now.
    Reclassify(ReclassifyArguments),
    /// Have old data let go, or tell what would go.
    Retain(RetainArguments),
    /// Copy a data directory, with or without a server in it.
    Backup(BackupArguments),
    /// Make a data directory of a backup.
    Restore(RestoreArguments),
    /// Settings.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print the completions of a shell.
    Completions { shell: Shell },
}

/// Settings come from defaults, then the file, then the environment, then flags: the last one wins.
/// Any key of the file can be set by environment: `FUSEBOX_` and the key, sections joined by two underscores,
/// for instance `FUSEBOX_COLLECTOR__BODY_BYTES_MAX=1048576`.
#[derive(Debug, Clone, Default, Args)]
#[command(after_long_help = FILE_HELP)]
pub(crate) struct ServeArguments {
    /// Directory for everything that is kept; created when missing [env: FUSEBOX_DATA_DIR] [default: ./fusebox-data]
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Address of OTLP/gRPC [env: FUSEBOX_OTLP_GRPC] [default: 127.0.0.1:4317]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) otlp_grpc: Option<SocketAddr>,
    /// Address of OTLP/HTTP, protobuf and JSON [env: FUSEBOX_OTLP_HTTP] [default: 127.0.0.1:4318]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) otlp_http: Option<SocketAddr>,
    /// Address of the API and the dashboard [env: FUSEBOX_API] [default: 127.0.0.1:4319]
    #[arg(long, value_name = "ADDRESS", value_parser = config::parse_listen)]
    pub(crate) api: Option<SocketAddr>,
    /// Configuration file, TOML [env: FUSEBOX_CONFIG] [default: none]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Allow addresses that other machines can reach, although nothing is authenticated [env: FUSEBOX_INSECURE] [default: off]
    #[arg(long)]
    pub(crate) insecure: bool,
    /// Log level or filter: error, warn, info, debug, trace, or info,storage=debug [env: FUSEBOX_LOG] [default: info]
    #[arg(long, value_name = "FILTER")]
    pub(crate) log: Option<String>,
}

const FILE_HELP: &str = "\
Keys of the configuration file, with their defaults:
  data_dir = \"./fusebox-data\"
  insecure = false
  log = \"info\"
  [collector]                        # receiving; times in ms, sizes in bytes
  otlp_grpc = \"127.0.0.1:4317\"
  otlp_http = \"127.0.0.1:4318\"
  body_bytes_max = 67108864          # of a request, before and after decompression
  in_flight_bytes_max = 268435456    # of all requests that are not durable yet
  connections_max = 10000
  [storage]
  durability = \"fsync\"              # or \"interval\" or \"none\": acknowledge before the data is safe from a power loss
  sync_interval_ms = 1000            # with \"interval\": what a power loss can take
  memtable_bytes_max = 67108864      # rows in memory become blocks at this size
  flush_interval_ms = 30000          # or at this age
  unflushed_bytes_max = 268435456    # of rows in no block yet; above it requests are asked to come back
  arrivals_bytes_max = 33554432      # of the newest rows, kept in their order for live streams
  wal_segment_bytes = 67108864       # of one file of the write-ahead log
  wal_bytes_max = 4294967296         # of all of them; at most a tenth of the disk
  free_bytes_min = 1073741824        # with less free on the disk new data is asked to come back; at most an eighth of it
  disk_used_percent_max = 90         # and with more of it in use, by whomever
  compaction = true                  # small blocks become few large ones, in the background
  compaction_rows_max = 1048576      # of a full block
  compaction_delete_delay_ms = 900000  # how long replaced files stay for engines that read them by themselves
  [retention]
  enabled = true
  spans_hours = 168                  # counted from the later of event and arrival; 0: never
  logs_hours = 168
  metrics_hours = 720
  derived_hours = 2160               # errors, rejections, breaker signals
  rollup_hours = 720                 # what spans add up to, by minute
  disk_percent_max = 80              # that blocks may take; above it the oldest go
  delete_delay_hours = 24            # how long files of what was let go stay
  [errors]
  files = []                         # codes and layouts: .toml, .csv, errors.proto of Kratos, Java enums; the first wins; read again when they change
  [[errors.count]]                   # which errors count; none of these is there by itself, and the first that fits a service holds
  services = [\"*\"]                   # or \"order\", \"pay*\"
  http_min = 500                     # from this status on, also when the span says nothing
  codes = true                       # codes of the business in an answer that did not fail
  rejections = true                  # what breakers and limiters refused
  ignore = []                        # codes, reasons and statuses: \"http:404\", \"USER_*\"
  [governance]
  rules = []                         # files of your own rules over the shipped ones; read again when they change, or at SIGHUP
  [api]
  listen = \"127.0.0.1:4319\"
  allowed_hosts = []                 # names of a reverse proxy in front
  read_deadline_ms = 30000
  concurrent_reads_max = 8
  streams_max = 32                   # live streams at the same time";

/// Where `demo` keeps everything when nobody says where: its shop is not to be mixed with real telemetry.
pub(crate) const DEMO_DATA_DIR: &str = "./fusebox-demo-data";

fn of_demo(text: &str) -> String {
    text.replace(config::DATA_DIR, DEMO_DATA_DIR)
}

#[derive(Debug, Args)]
#[command(mut_arg("data_dir", |flag| { let help = flag.get_help().map(ToString::to_string).unwrap_or_default(); flag.help(of_demo(&help)) }))]
#[command(after_long_help = of_demo(FILE_HELP))]
pub(crate) struct DemoArguments {
    #[command(flatten)]
    pub(crate) serve: ServeArguments,
    /// Requests of customers per second, at most 10000; each makes about 15 spans
    #[arg(long, value_name = "N", default_value_t = 10.0, value_parser = parse_requests_per_second)]
    pub(crate) requests_per_second: f64,
    /// The same seed makes the same shop [default: another one each time]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Keep a file of what really happens: scenarios, trips, limits, codes and deployments, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub(crate) truth: Option<PathBuf>,
    /// Live so many minutes at once into a fresh directory, and tell how well the timeline of breakers knows them
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..=1440))]
    pub(crate) score: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// Directory to look at; a server may be using it
    #[arg(long, value_name = "DIR", env = "FUSEBOX_DATA_DIR", default_value = config::DATA_DIR)]
    pub(crate) data_dir: PathBuf,
    /// No progress bar; there is none anyway when stderr is no terminal
    #[arg(long)]
    pub(crate) no_progress: bool,
    /// Findings as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// More than a small machine takes in; a wish beyond it is a typo.
const REQUESTS_PER_SECOND_MAX: f64 = 10_000.0;

fn parse_requests_per_second(text: &str) -> Result<f64, String> {
    let per_second: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if per_second > 0.0 && per_second <= REQUESTS_PER_SECOND_MAX {
        Ok(per_second)
    } else {
        Err(format!("must be above 0 and at most {REQUESTS_PER_SECOND_MAX}"))
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }

    #[test]
    fn the_shop_has_a_rate_it_can_keep() {
        let check = |rate: &str, accepted: bool| {
            let parsed = super::Cli::try_parse_from(["fusebox", "demo", "--requests-per-second", rate]);
            assert_eq!(parsed.is_ok(), accepted, "{rate}: {parsed:?}");
        };
        ["10", "0.5", "10000"].into_iter().for_each(|rate| check(rate, true));
        ["0", "inf", "NaN", "10001", "many"].into_iter().for_each(|rate| check(rate, false));
    }
}
