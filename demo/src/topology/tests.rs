use super::*;

/// Calls `visit` with every step of every route that customers can reach, and with the route it belongs to.
fn every_step(visit: &mut impl FnMut(&'static Route, &'static Step)) {
    fn below_route(route: &'static Route, visit: &mut impl FnMut(&'static Route, &'static Step)) {
        route.steps.iter().for_each(|step| at_step(route, step, visit));
    }
    fn at_step(route: &'static Route, step: &'static Step, visit: &mut impl FnMut(&'static Route, &'static Step)) {
        visit(route, step);
        match step {
            Step::Call(call) => below_route(call.to, visit),
            Step::Together(steps) => steps.iter().for_each(|step| at_step(route, step, visit)),
            Step::Publish(publish) => publish.consumers.iter().for_each(|route| below_route(route, visit)),
            Step::Query(_) | Step::Refuse(_) => {}
        }
    }
    ENTRANCES.iter().for_each(|entrance| below_route(entrance.route, visit));
}

/// The route of that operation; panics when nobody calls it.
pub(crate) fn called(operation: &str) -> &'static Route {
    let mut found = None;
    every_step(&mut |_, step| match step {
        Step::Call(call) if call.to.operation == operation => found = Some(call.to),
        _ => {}
    });
    found.unwrap_or_else(|| panic!("nobody calls {operation}"))
}

/// A statement of that kind which `service` sends; panics when there is none.
pub(crate) fn queried(service: ServiceId, operation: &str, target: &str) -> &'static Query {
    let mut found = None;
    every_step(&mut |route, step| match step {
        Step::Query(query) if (route.service, query.operation, query.target) == (service, operation, target) => found = Some(query),
        _ => {}
    });
    found.unwrap_or_else(|| panic!("{service:?} has no {operation} {target}"))
}

#[test]
fn every_service_stands_where_its_id_says() {
    for (position, service) in SERVICES.iter().enumerate() {
        assert_eq!(service.id as usize, position, "{}", service.name);
    }
}

#[test]
fn operations_have_the_form_of_their_protocol() {
    every_step(&mut |route, _| match route.protocol {
        Protocol::Grpc => assert_eq!(route.operation.split('/').count(), 3, "{}", route.operation),
        Protocol::Http(_) => assert!(route.operation.starts_with('/') || route.is_outside(), "{}", route.operation),
        Protocol::Kafka(topic) => assert!(route.operation.starts_with(topic), "{}", route.operation),
    });
}

#[test]
fn nothing_is_refused_after_it_was_announced() {
    let mut refusals = std::collections::BTreeSet::new();
    every_step(&mut |route, step| {
        let Step::Refuse(refusal) = step else { return };
        let position = |wanted: fn(&Step) -> bool| route.steps.iter().position(wanted);
        let announced = position(|step| matches!(step, Step::Publish(_)));
        let refused = route.steps.iter().position(|other| std::ptr::eq(other, step));
        assert!(announced.is_none_or(|announced| refused < Some(announced)), "{} of {}", refusal.reason, route.operation);
        assert!((400..500).contains(&refusal.http), "{} is {}", refusal.reason, refusal.http);
        refusals.insert(refusal.reason);
    });
    assert_eq!(refusals.len(), 13, "{refusals:?}");
}
