//! The way to an endpoint.

use collector::{Connection, Tls};

use super::{Endpoint, describe};

/// Connects, over TLS where the endpoint says so: trusting whom `tls` says, else whom the system trusts, which is kept there.
///
/// # Errors
/// Why there is no connection, for people.
pub(crate) async fn dial(endpoint: &Endpoint, tls: &mut Option<Tls>, protocol: &str) -> Result<Connection, String> {
    if endpoint.is_tls() && tls.is_none() {
        *tls = Some(Tls::new(None, &[protocol]).map_err(|error| describe(&error))?);
    }
    let tls = tls.as_ref().filter(|_| endpoint.is_tls());
    collector::dial(endpoint.target(), tls).await.map_err(|error| error.to_string())
}
