//! Where questions come in: the API, and the query APIs that have a port of their own.

use std::net::SocketAddr;

use query::api::{Api, Routers};
use tokio_util::sync::CancellationToken;

use crate::failure::{Exit, Failure};

/// Bound, not serving yet.
pub(super) struct QueryDoors {
    api: Api,
    jaeger: Option<Api>,
    zipkin: Option<Api>,
}

impl QueryDoors {
    /// Binds what `config` names, and notes there what was really bound.
    pub(super) async fn bind(config: &mut query::Config) -> Result<Self, Failure> {
        let connections_max = config.connections_max;
        let api = bind("the API", &mut config.listen, connections_max).await?;
        let jaeger = bind_native("Jaeger's query API", &mut config.jaeger_listen, connections_max).await?;
        let zipkin = bind_native("Zipkin's query API", &mut config.zipkin_listen, connections_max).await?;
        Ok(Self { api, jaeger, zipkin })
    }

    /// Serves all of them until `stop` is cancelled, then lets requests in flight finish.
    pub(super) async fn serve(self, routers: Routers, stop: CancellationToken) {
        let native = async |door: Option<Api>, router| {
            if let Some(door) = door {
                door.serve(router, stop.clone()).await;
            }
        };
        tokio::join!(self.api.serve(routers.api, stop.clone()), native(self.jaeger, routers.jaeger), native(self.zipkin, routers.zipkin),);
    }
}

async fn bind_native(name: &str, listen: &mut Option<SocketAddr>, connections_max: usize) -> Result<Option<Api>, Failure> {
    match listen {
        Some(listen) => bind(name, listen, connections_max).await.map(Some),
        None => Ok(None),
    }
}

async fn bind(name: &str, listen: &mut SocketAddr, connections_max: usize) -> Result<Api, Failure> {
    let failure = |error| Failure::new(Exit::Unavailable, anyhow::Error::new(error).context(format!("listen for {name} on {listen}")));
    let door = Api::bind(*listen, connections_max).await.map_err(failure)?;
    *listen = door.local_addr().map_err(|error| Failure::new(Exit::Unavailable, error))?;
    Ok(door)
}
