//! Resource attributes: what each language's SDK and the Kubernetes detectors say about an instance.

use opentelemetry_proto::tonic::{common::v1::KeyValue, resource::v1::Resource};
use rand::{Rng, rngs::SmallRng};

use crate::{
    ids,
    otlp::{int, text, texts},
    topology::{Service, Stack},
};

pub(crate) fn schema_url(stack: Stack) -> &'static str {
    match stack {
        Stack::Gin | Stack::KratosV3 => "https://opentelemetry.io/schemas/1.37.0",
        Stack::KratosV2 | Stack::Spring => "https://opentelemetry.io/schemas/1.24.0",
        Stack::Python | Stack::Envoy => "",
    }
}

pub(crate) fn describe(service: &Service, version: &str, instance_id: &str, pod: &str, ip: &str, rng: &mut SmallRng) -> Resource {
    let mut attributes = vec![
        text("service.name", service.name),
        text("service.version", version),
        text("service.namespace", "harborgoods"),
        text("service.instance.id", instance_id),
        text("deployment.environment.name", "production"),
    ];
    attributes.extend(sdk(service, rng));
    let node = format!("ip-10-0-{}-{}.eu-central-1.compute.internal", rng.random_range(16..48), rng.random_range(4..250));
    attributes.extend([
        text("host.name", pod),
        text("k8s.cluster.name", "prod-fra-1"),
        text("k8s.namespace.name", "shop"),
        text("k8s.deployment.name", service.name),
        text("k8s.pod.name", pod),
        text("k8s.pod.uid", ids::uuid(rng)),
        text("k8s.pod.ip", ip),
        text("k8s.container.name", service.name),
        text("k8s.node.name", node),
        text("cloud.provider", "aws"),
        text("cloud.region", "eu-central-1"),
    ]);
    Resource { attributes, ..Resource::default() }
}

pub(crate) fn instance_id(stack: Stack, pod: &str, rng: &mut SmallRng) -> String {
    match stack {
        Stack::KratosV2 | Stack::KratosV3 | Stack::Envoy => pod.to_owned(),
        Stack::Gin | Stack::Spring | Stack::Python => ids::uuid(rng),
    }
}

fn sdk(service: &Service, rng: &mut SmallRng) -> Vec<KeyValue> {
    let sdk = |language: &str, version: &str| {
        [text("telemetry.sdk.language", language), text("telemetry.sdk.name", "opentelemetry"), text("telemetry.sdk.version", version)]
    };
    let mut attributes = vec![];
    match service.stack {
        Stack::Gin | Stack::KratosV2 | Stack::KratosV3 => {
            let (sdk_version, go_version) = if service.stack == Stack::KratosV2 { ("1.35.0", "go1.23.8") } else { ("1.39.0", "go1.25.3") };
            attributes.extend(sdk("go", sdk_version));
            attributes.extend([
                int("process.pid", 1),
                text("process.executable.name", service.name),
                text("process.executable.path", format!("/app/{}", service.name)),
                texts("process.command_args", &[&format!("/app/{}", service.name), "-conf", "/data/conf"]),
                text("process.owner", "nonroot"),
                text("process.runtime.name", "go"),
                text("process.runtime.version", go_version),
                text("process.runtime.description", format!("go version {go_version} linux/amd64")),
                text("os.type", "linux"),
            ]);
        }
        Stack::Spring => {
            attributes.extend(sdk("java", "1.51.0"));
            attributes.extend([
                text("telemetry.distro.name", "opentelemetry-java-instrumentation"),
                text("telemetry.distro.version", "2.17.0"),
                int("process.pid", 1),
                text("process.executable.path", "/opt/java/openjdk/bin/java"),
                text(
                    "process.command_line",
                    format!(
                        "/opt/java/openjdk/bin/java -javaagent:/otel/opentelemetry-javaagent.jar -XX:MaxRAMPercentage=75 -jar /app/{}.jar",
                        service.name
                    ),
                ),
                text("process.runtime.name", "OpenJDK Runtime Environment"),
                text("process.runtime.version", "21.0.7+6-LTS"),
                text("process.runtime.description", "Eclipse Adoptium OpenJDK 64-Bit Server VM 21.0.7+6-LTS"),
                text("host.arch", "amd64"),
                text("os.type", "linux"),
                text("os.description", "Linux 6.1.134-152.225.amzn2023.x86_64"),
            ]);
        }
        Stack::Python => {
            attributes.extend(sdk("python", "1.36.0"));
            attributes.extend([
                text("telemetry.auto.version", "0.57b0"),
                int("process.pid", rng.random_range(7..30_i64)),
                text("process.runtime.name", "cpython"),
                text("process.runtime.version", "3.12.10"),
            ]);
        }
        Stack::Envoy => attributes.extend([
            text("telemetry.sdk.language", "cpp"),
            text("telemetry.sdk.name", "envoy"),
            text("telemetry.sdk.version", "6d9bb7d9a85d616b220d1f8fe67b61f82bbdb8d3/1.34.1/Clean/RELEASE/BoringSSL"),
        ]),
    }
    attributes
}
