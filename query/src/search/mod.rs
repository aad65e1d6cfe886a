//! The search grammar: text to a typed tree, and back. Pure; what a tree means for tables and indexes is the engine's matter.
//!
//! ```text
//! text -> lex (tokens with places) -> parse -> Search -> Display (canonical text)
//!                                                \-> resolve (where a field of a table lives)
//!      -> complete (what may stand at the cursor)
//! ```
//!
//! # Grammar
//!
//! ```ebnf
//! search     = [ "*" | or | structure ] ;
//! or         = and { "OR" and } ;
//! and        = operand { [ "AND" ] operand } ;                    (* side by side means AND *)
//! operand    = { "NOT" | "-" | "!" } ( "(" or ")" | term ) ;      (* - and ! touch what they leave out *)
//! term       = word | quoted | regex | "has:" field | test ;      (* without a field: a word, a phrase, a pattern *)
//! test       = field ":" ( value | regex | set | range )          (* no space on either side of the colon *)
//!            | field ( "=" | "!=" | ">" | ">=" | "<" | "<=" ) literal
//!            | field ( "=~" | "!~" ) ( regex | literal ) ;
//! set        = "(" member { ( "OR" | "," ) member } ")"           (* or in brackets *) ;
//! member     = value | regex ;
//! range      = ( "[" | "{" ) end "TO" end ( "]" | "}" ) ;         (* braces leave their end out *)
//! end        = literal | "*" ;
//! value      = bare | quoted ;                                    (* in bare: * any text, ? any character; "*" alone: there is any *)
//! literal    = bare | quoted ;                                    (* * and ? are text *)
//! quoted     = '"' { character } '"' ;                            (* \" \\ \n \r \t; any other backslash stays *)
//! regex      = "/" { character but white space } "/" [ "i" ] ;    (* \/ is a slash; the syntax is that of the crate regex *)
//! field      = "trace." trace field | [ level "." ] key ;
//! trace field = "id" | "root.service" | "root.name" | "start" | "duration" | "spans" | "errors" | "services" ;
//! level      = "resource" | "scope" | "span" | "log" | "event" ;
//! key        = letter { letter | digit | "_" | "." | "-" | "/" | "@" | "$" } | quoted ;
//! structure  = braces { ( ">>" | ">" ) braces } { [ "AND" ] operand with trace fields only } ;
//! braces     = "{" or without trace fields "}" ;
//! ```
//!
//! Bare text ends at white space, or at a bracket that closes something outside: `/users/{id}` and `f(x)` are whole. A backslash takes its
//! meaning from any sign that is neither letter nor digit. A text between slashes is a regular expression, any other text with slashes
//! a path.
//!
//! Also read, and written as above: `field:>5`, `field==5`, `span:name=x` and `trace:duration>2s` (a level or `trace` with a colon),
//! `trace:<trace id>`, `'single'` and `“curly”` quotes, `rootServiceName`, `span_count` and the like behind `trace.`.
//!
//! # Meaning
//!
//! - A record that does not have the field fails every test, `!=` and `!~` included; only negation finds it. `a!=1` asks for another value,
//!   `-a=1` for everything but this one.
//! - A value is compared with whatever type it meets: see [`Value`]. Quotes protect characters, they change no type.
//! - `{a} >> {b}` finds the spans of `b` below a span of `a` in the same trace; `>` right below. Of a longer chain it finds the last.

mod advice;
mod aliases;
mod ast;
mod complete;
mod error;
mod field;
mod format;
mod hint;
mod known;
mod lex;
mod lex_value;
mod limits;
mod mistake;
mod moment;
mod parse;
mod parse_field;
mod parse_structure;
mod parser;
mod pattern;
mod place;
mod quantity;
mod resolve;
mod scan;
mod spell;
mod token;
mod trace_id;
mod value;

pub use advice::advise;
pub use aliases::{NamedNumbers, named_numbers, numbers_named};
pub use ast::{Comparison, Expr, FieldTest, FreeText, FreeTextKind, Predicate, Relation, Search, Step, Structure, Term};
pub use complete::{Completion, Expected, complete};
pub use error::{Position, SearchError, position, render};
pub use field::{Field, FieldName, Key, Level, TraceField};
pub use known::{FieldType, KnownField, known_fields};
pub use limits::{NESTING_MAX, REGEX_BYTES_MAX, REGEXES_MAX, STEPS_MAX, TERMS_MAX, TEXT_BYTES_MAX};
pub use mistake::Mistake;
pub use moment::Moment;
pub use parse::parse;
pub use pattern::{Pattern, Regex, RegexFault, Wildcard, WildcardPart};
pub use place::Place;
pub use resolve::{EventPart, Holder, HolderPlace, Target, resolve};
pub use token::Operator;
pub use trace_id::as_trace_id;
pub use value::{Number, Readings, Value};

#[cfg(test)]
mod tests;
