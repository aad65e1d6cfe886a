//! What the spans of services add up to, with their error codes and breakers.

use schemas::UnixNanos;

use super::{
    super::{
        breakers::{Folds, Guards},
        problem::Problem,
        window::Window,
    },
    codes::{CodeCount, codes},
    load::{Loaded, Whose, minutes},
    request::Request,
};
use crate::{
    analytics::red::Grid,
    engine::{CodesBy, CodesQuestion, TimeSpan},
};

/// What is known of services.
pub(super) struct WithGuards {
    pub loaded: Loaded,
    pub codes: Vec<CodeCount>,
    pub guards: Guards,
}

/// What spans add up to, with codes and breakers: neither needs the other.
pub(super) async fn with_guards(folds: &Folds, request: &Request, grid: Grid, whose: Whose<'_>) -> Result<WithGuards, Problem> {
    let Window { start, end } = request.window;
    let spans = async {
        let mut loaded = minutes(&folds.engine, request.window, grid, whose).await?;
        let (service, environment) = (whose.service.map(str::to_owned), whose.environment.map(str::to_owned));
        let (within, width_ns, by) = (TimeSpan::default(), request.window.length_ns(), CodesBy::Service);
        let question = CodesQuestion { start, end, within, width_ns, by, service, environment };
        let codes = codes(&folds.engine, question, &mut loaded.cost).await?;
        Ok::<_, Problem>((loaded, codes))
    };
    let guards = folds.guards_or_none(request.window, UnixNanos(end.0 - 1), request.now);
    let (spans, guards) = tokio::join!(spans, guards);
    let (mut loaded, codes) = spans?;
    loaded.cost.partial.extend(guards.cost.partial.iter().cloned());
    loaded.cost.warnings.extend(guards.cost.warnings.iter().cloned());
    Ok(WithGuards { loaded, codes, guards })
}
