//! Questions to a running server: `trace`, `query`, `errors`, `breakers`, `tail`.

use clap::{Args, ValueEnum};
use schemas::TraceId;

#[derive(Debug, Args)]
pub(crate) struct TraceArguments {
    /// 32 hex digits
    #[arg(value_name = "ID")]
    pub(crate) id: TraceId,
    #[command(flatten)]
    pub(crate) api: ApiArguments,
    /// The answer of the API as it is
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ApiArguments {
    /// Address of the API: a URL, or host and port
    #[arg(long, value_name = "URL", env = "FUSEBOX_API", default_value = "http://127.0.0.1:4319")]
    pub(crate) api: String,
}

/// SQL is known by its first word (SELECT, WITH, TABLE, VALUES, EXPLAIN, DESCRIBE, SHOW); everything else is a search,
/// such as `service:pay AND duration>200ms AND "lock lost"`. Data go to standard output, everything else to standard error.
#[derive(Debug, Clone, Args)]
pub(crate) struct QueryArguments {
    /// SQL or a search; `-` reads it from standard input
    #[arg(value_name = "QUERY", allow_hyphen_values = true)]
    pub(crate) query: String,
    /// It is SQL, whatever it begins with
    #[arg(long, conflicts_with = "search")]
    pub(crate) sql: bool,
    /// It is a search, whatever it begins with
    #[arg(long)]
    pub(crate) search: bool,
    /// What a search finds [default: spans]
    #[arg(long, value_enum)]
    pub(crate) table: Option<SearchTable>,
    /// Of a search: from this time on, RFC 3339, Unix time, or now-15m
    #[arg(long, value_name = "TIME")]
    pub(crate) start: Option<String>,
    /// Of a search: before this time
    #[arg(long, value_name = "TIME")]
    pub(crate) end: Option<String>,
    /// Of a search: so long before --end or now, for instance 1h
    #[arg(long, value_name = "DURATION", conflicts_with = "start")]
    pub(crate) range: Option<String>,
    /// Of a search: newest, oldest or slowest; of traces newest, slowest, errors or spans [default: newest]
    #[arg(long, value_name = "ORDER")]
    pub(crate) sort: Option<String>,
    /// Of a search: rows at most
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u32>,
    /// The value of $1, of $2, …: a number, true, false, null, or text; bound, not pasted
    #[arg(long = "param", value_name = "VALUE", allow_hyphen_values = true)]
    pub(crate) params: Vec<String>,
    /// [default: table in a terminal, ndjson elsewhere]
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    pub(crate) output: Option<OutputFormat>,
    #[command(flatten)]
    pub(crate) api: ApiArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SearchTable {
    Spans,
    Logs,
    Traces,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// Aligned, for people
    Table,
    /// The answer of the API as it is
    Json,
    /// One JSON object a line
    Ndjson,
    Csv,
    /// An Arrow IPC stream
    Arrow,
    Parquet,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ErrorsArguments {
    /// One code in detail; without it all are listed
    #[arg(value_name = "CODE", allow_hyphen_values = true)]
    pub(crate) code: Option<String>,
    /// Only codes like this: a code, the beginning of one (5001*), or a part of a reason, title or message
    #[arg(short, long, value_name = "TEXT", conflicts_with = "code")]
    pub(crate) query: Option<String>,
    /// Only errors that this service reports
    #[arg(long, value_name = "NAME")]
    pub(crate) service: Option<String>,
    /// Only errors from this environment
    #[arg(long, value_name = "NAME")]
    pub(crate) environment: Option<String>,
    /// Once where an error is born, or at every hop [default: born]
    #[arg(long, value_enum, value_name = "HOW")]
    pub(crate) count: Option<CountArgument>,
    /// From this time on: RFC 3339, Unix time, or now-15m [default: an hour before --end]
    #[arg(long, value_name = "TIME")]
    pub(crate) start: Option<String>,
    /// Before this time [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) end: Option<String>,
    /// So long before --end, for instance 24h
    #[arg(long, value_name = "DURATION", conflicts_with = "start")]
    pub(crate) range: Option<String>,
    /// Codes at most
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub(crate) limit: u32,
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: ErrorsFormat,
    #[command(flatten)]
    pub(crate) api: ApiArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum CountArgument {
    Born,
    EveryHop,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ErrorsFormat {
    /// For people
    Table,
    /// The answer of the API as it is
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct BreakersArguments {
    /// Only those with this in service, name, target or framework
    #[arg(value_name = "TEXT")]
    pub(crate) text: Option<String>,
    /// Only those of this service
    #[arg(long, value_name = "NAME")]
    pub(crate) service: Option<String>,
    /// Only those that were open
    #[arg(long)]
    pub(crate) tripped: bool,
    /// From this time on: RFC 3339, Unix time, or now-15m [default: an hour before --end]
    #[arg(long, value_name = "TIME")]
    pub(crate) start: Option<String>,
    /// Before this time [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) end: Option<String>,
    /// So long before --end or now, for instance 6h
    #[arg(long, value_name = "DURATION", conflicts_with = "start")]
    pub(crate) range: Option<String>,
    /// cost, recent, trips or name [default: cost]
    #[arg(long, value_name = "ORDER")]
    pub(crate) sort: Option<String>,
    /// Breakers at most
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u32>,
    #[command(flatten)]
    pub(crate) api: ApiArguments,
    /// The answer of the API as it is
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TailArguments {
    #[arg(value_enum, value_name = "WHAT")]
    pub(crate) what: TailTable,
    /// Only what this search finds
    #[arg(value_name = "SEARCH", allow_hyphen_values = true)]
    pub(crate) search: Option<String>,
    /// Records before now to begin with
    #[arg(long, value_name = "N")]
    pub(crate) backlog: Option<u32>,
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: TailFormat,
    #[command(flatten)]
    pub(crate) api: ApiArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TailTable {
    Logs,
    Spans,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TailFormat {
    /// Lines for people
    Text,
    /// One JSON object a line
    Json,
}

impl CountArgument {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Born => "born",
            Self::EveryHop => "every_hop",
        }
    }
}

impl SearchTable {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Spans => "spans",
            Self::Logs => "logs",
            Self::Traces => "traces",
        }
    }
}

impl OutputFormat {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Arrow => "arrow",
            Self::Parquet => "parquet",
        }
    }

    pub(crate) fn is_binary(self) -> bool {
        matches!(self, Self::Arrow | Self::Parquet)
    }
}
