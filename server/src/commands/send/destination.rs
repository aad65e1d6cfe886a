//! Where to and how: flags, then the variables of OpenTelemetry, then what the port says.

use clap::ValueEnum;

use crate::{
    cli::DeliveryArguments,
    failure::{Exit, Failure},
    send::{Endpoint, EndpointError, Protocol},
};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";

/// `environment` gives the value of a variable. As OpenTelemetry wants it, an empty one counts as not set.
///
/// # Errors
/// When what is asked for is no address or no protocol.
pub(in crate::commands) fn choose(
    arguments: &DeliveryArguments,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<(Endpoint, Protocol), Failure> {
    let variable = |name| environment(name).filter(|text| !text.trim().is_empty());
    let endpoint = arguments.endpoint.clone().or_else(|| variable(ENDPOINT));
    let parse = |text: &str| text.parse().map_err(|error: EndpointError| Failure::new(Exit::Config, error));
    let endpoint: Option<Endpoint> = endpoint.as_deref().map(parse).transpose()?;
    let protocol = match (arguments.protocol, variable(PROTOCOL)) {
        (Some(protocol), _) => protocol,
        (None, Some(text)) => Protocol::from_str(text.trim(), true).map_err(|_| {
            Failure::message(Exit::Config, format_args!("{PROTOCOL} is {text:?}; known are grpc, http/protobuf and http/json"))
        })?,
        (None, None) => endpoint.as_ref().map_or(Protocol::Http, Protocol::usual_at),
    };
    match endpoint {
        Some(endpoint) => Ok((endpoint, protocol)),
        None => Ok((parse(protocol.default_endpoint())?, protocol)),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn chosen(flags: &[&str], variables: &[(&str, &str)]) -> Result<String, String> {
        let line = ["fusebox", "send", "traces.json"].iter().chain(flags);
        let Command::Send(arguments) = Cli::try_parse_from(line).map_err(|error| error.to_string())?.command else {
            panic!("`send` is parsed as another command");
        };
        let environment = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        choose(&arguments.delivery, environment)
            .map(|(endpoint, protocol)| format!("{protocol:?} {}", endpoint.url("")))
            .map_err(|failure| failure.to_string())
    }

    fn check(flags: &[&str], variables: &[(&str, &str)], expected: &str) {
        assert_eq!(chosen(flags, variables).as_deref(), Ok(expected), "{flags:?} {variables:?}");
    }

    #[test]
    fn flags_win_over_variables_and_those_over_the_port() {
        check(&[], &[], "Http http://127.0.0.1:4318");
        check(&["--protocol", "grpc"], &[], "Grpc http://127.0.0.1:4317");
        check(&["--endpoint", "http://a:4317"], &[], "Grpc http://a:4317");
        check(&["--endpoint", "http://a:4318"], &[], "Http http://a:4318");
        check(&["--endpoint", "http://a:4317", "--protocol", "http"], &[], "Http http://a:4317");
        check(&[], &[(ENDPOINT, "http://a:4317")], "Grpc http://a:4317");
        check(&["--endpoint", "http://b:9"], &[(ENDPOINT, "http://a:4317")], "Http http://b:9");
        for (value, expected) in [("grpc", "Grpc"), ("http/protobuf", "Http"), ("http/json", "Http")] {
            check(&[], &[(PROTOCOL, value), (ENDPOINT, "http://a:9")], &format!("{expected} http://a:9"));
            check(&["--protocol", "http"], &[(PROTOCOL, value)], "Http http://127.0.0.1:4318");
        }
        check(&[], &[(PROTOCOL, "grpc")], "Grpc http://127.0.0.1:4317");
        check(&[], &[(PROTOCOL, ""), (ENDPOINT, " ")], "Http http://127.0.0.1:4318");
    }

    #[test]
    fn what_is_no_protocol_is_refused() {
        let refused = chosen(&[], &[(PROTOCOL, "thrift")]).expect_err("refused");
        assert_eq!(refused, "OTEL_EXPORTER_OTLP_PROTOCOL is \"thrift\"; known are grpc, http/protobuf and http/json");
        assert!(chosen(&["--protocol", "thrift"], &[]).is_err());
    }
}
