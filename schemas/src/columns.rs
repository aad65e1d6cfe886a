//! Column names: each exists once, here. One name from Parquet column to SQL column, JSON field and UI property.

macro_rules! names {
    ($($(#[$doc:meta])* $constant:ident = $name:literal;)*) => {
        $($(#[$doc])* pub const $constant: &str = $name;)*
    };
}

names! {
    RECEIVED_AT = "received_at";

    SERVICE_NAME = "service_name";
    SERVICE_NAMESPACE = "service_namespace";
    SERVICE_INSTANCE_ID = "service_instance_id";
    SERVICE_VERSION = "service_version";
    DEPLOYMENT_ENVIRONMENT = "deployment_environment";
    K8S_POD_NAME = "k8s_pod_name";
    K8S_NAMESPACE_NAME = "k8s_namespace_name";
    HOST_NAME = "host_name";
    RESOURCE_ATTRIBUTES = "resource_attributes";
    RESOURCE_DROPPED_ATTRIBUTES_COUNT = "resource_dropped_attributes_count";
    RESOURCE_SCHEMA_URL = "resource_schema_url";
    RESOURCE_ENTITY_REFS = "resource_entity_refs";
    RESOURCE_RENAMED_KEYS = "resource_renamed_keys";

    SCOPE_NAME = "scope_name";
    SCOPE_VERSION = "scope_version";
    SCOPE_ATTRIBUTES = "scope_attributes";
    SCOPE_DROPPED_ATTRIBUTES_COUNT = "scope_dropped_attributes_count";
    SCOPE_SCHEMA_URL = "scope_schema_url";

    TRACE_ID = "trace_id";
    SPAN_ID = "span_id";
    PARENT_SPAN_ID = "parent_span_id";
    TRACE_STATE = "trace_state";
    FLAGS = "flags";
    NAME = "name";
    KIND = "kind";
    TIME = "time";
    START_TIME = "start_time";
    DURATION_NS = "duration_ns";
    STATUS_CODE = "status_code";
    STATUS_MESSAGE = "status_message";
    EVENTS = "events";
    LINKS = "links";
    ATTRIBUTES = "attributes";
    DROPPED_ATTRIBUTES_COUNT = "dropped_attributes_count";
    DROPPED_EVENTS_COUNT = "dropped_events_count";
    DROPPED_LINKS_COUNT = "dropped_links_count";
    RENAMED_KEYS = "renamed_keys";

    ERROR_CODE = "error_code";
    ERROR_REASON = "error_reason";
    REJECTION_KIND = "rejection_kind";
    BREAKER_NAME = "breaker_name";

    HTTP_REQUEST_METHOD = "http_request_method";
    HTTP_ROUTE = "http_route";
    HTTP_RESPONSE_STATUS_CODE = "http_response_status_code";
    URL_PATH = "url_path";
    URL_FULL = "url_full";
    SERVER_ADDRESS = "server_address";
    SERVER_PORT = "server_port";
    USER_AGENT = "user_agent";
    PEER_SERVICE = "peer_service";
    RPC_SYSTEM = "rpc_system";
    RPC_SERVICE = "rpc_service";
    RPC_METHOD = "rpc_method";
    RPC_STATUS_CODE = "rpc_status_code";
    RPC_GRPC_STATUS_CODE = "rpc_grpc_status_code";
    DB_SYSTEM = "db_system";
    DB_OPERATION = "db_operation";
    DB_NAMESPACE = "db_namespace";
    DB_QUERY_TEXT = "db_query_text";
    MESSAGING_SYSTEM = "messaging_system";
    MESSAGING_DESTINATION = "messaging_destination";
    MESSAGING_OPERATION = "messaging_operation";
    ERROR_TYPE = "error_type";
    EXCEPTION_TYPE = "exception_type";
    EXCEPTION_MESSAGE = "exception_message";
    EXCEPTION_STACKTRACE = "exception_stacktrace";
    RESPONSE_FLAGS = "response_flags";
    UPSTREAM_CLUSTER = "upstream_cluster";

    OBSERVED_TIME = "observed_time";
    TIME_SOURCE = "time_source";
    SEVERITY_NUMBER = "severity_number";
    SEVERITY_TEXT = "severity_text";
    BODY = "body";
    BODY_TYPE = "body_type";
    EVENT_NAME = "event_name";

    CAUSE = "cause";
    CODE = "code";
    CODE_SOURCE = "code_source";
    CONFIDENCE = "confidence";
    CUMULATIVE = "cumulative";
    ACTION = "action";
    ATTEMPT = "attempt";
    DOMAIN = "domain";
    FINGERPRINT = "fingerprint";
    FRAMEWORK = "framework";
    FROM_STATE = "from_state";
    GRPC_STATUS = "grpc_status";
    HTTP_STATUS = "http_status";
    IS_REJECTION = "is_rejection";
    MECHANISM = "mechanism";
    MESSAGE = "message";
    OPERATION = "operation";
    OUTCOME = "outcome";
    REASON = "reason";
    RULE = "rule";
    SAYS_PROPAGATED = "says_propagated";
    SIGNAL = "signal";
    SOLUTION = "solution";
    SOURCE = "source";
    SPAN_FAILED = "span_failed";
    SPAN_KIND = "span_kind";
    STATE_VALUE = "state_value";
    TARGET = "target";
    TEXT = "text";
    TO_STATE = "to_state";

    /// Of rows that add spans up.
    ANSWERED = "answered";
    BEYOND_LIMIT = "beyond_limit";
    DURATION_BUCKETS = "duration_buckets";
    DURATION_MAX_NS = "duration_max_ns";
    DURATION_SUM_NS = "duration_sum_ns";
    ERRORS = "errors";
    INDEX = "index";
    LATE_SPANS = "late_spans";
    NEGATIVE_COUNT = "negative_count";
    NEWEST_TIME = "newest_time";
    NEWEST_TRACE_ID = "newest_trace_id";
    ONE_SIDED = "one_sided";
    PEER = "peer";
    PEER_KIND = "peer_kind";
    PROTOCOL = "protocol";
    RESPONSE_CLASS = "response_class";
    SLOWEST_TRACE_ID = "slowest_trace_id";
    SPANS = "spans";
    STATUS_CLASS = "status_class";

    METRIC_NAME = "metric_name";
    METRIC_TYPE = "metric_type";
    METRIC_DESCRIPTION = "metric_description";
    METRIC_METADATA = "metric_metadata";
    UNIT = "unit";
    TEMPORALITY = "temporality";
    MONOTONIC = "monotonic";
    SERIES_ID = "series_id";
    VALUE_DOUBLE = "value_double";
    VALUE_INT = "value_int";
    COUNT = "count";
    SUM = "sum";
    MIN = "min";
    MAX = "max";
    BOUNDS = "bounds";
    BUCKET_COUNTS = "bucket_counts";
    SCALE = "scale";
    ZERO_COUNT = "zero_count";
    ZERO_THRESHOLD = "zero_threshold";
    POSITIVE_OFFSET = "positive_offset";
    POSITIVE_COUNTS = "positive_counts";
    NEGATIVE_OFFSET = "negative_offset";
    NEGATIVE_COUNTS = "negative_counts";
    QUANTILES = "quantiles";
    EXEMPLARS = "exemplars";

    QUANTILE = "quantile";
    VALUE = "value";
    /// The element of every list.
    ITEM = "item";
}
