//! Settings: defaults < file < environment < flags. Every layer is read by the same rules, so a typo is an error wherever it stands;
//! only a variable that may be somebody else's (`FUSEBOX_PORT`, from Kubernetes) is no more than mentioned.
//!
//! ```text
//! settings  what can be set, and what cannot work; `storage_section`, `retention_section`, `errors_section` and
//!           `governance_section` are parts of it
//! layers    file, environment and flags, each as a table of keys
//! origin    which of them a setting comes from
//! suggest   what was probably meant
//! ```

mod errors_section;
mod governance_section;
mod layers;
mod origin;
mod retention_section;
mod settings;
mod storage_section;
mod suggest;

pub(crate) use layers::{Loaded, load};
pub(crate) use origin::Setting;
pub(crate) use settings::{Config, ConfigError, DATA_DIR, parse_listen};
pub(crate) use storage_section::Durability;
