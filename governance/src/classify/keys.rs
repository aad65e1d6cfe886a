//! Attribute keys that records are asked for whatever the rules say.

use std::sync::LazyLock;

use schemas::attribute::AttributeKey;

macro_rules! keys {
    ($($name:ident = $key:literal;)*) => {
        $(pub(super) static $name: LazyLock<AttributeKey> = LazyLock::new(|| AttributeKey::new($key));)*
    };
}

keys! {
    SERVICE_FRAMEWORK = "service.framework";
    POD_UID = "k8s.pod.uid";
    PROCESS_PID = "process.pid";
    EXCEPTION_TYPE = "exception.type";
    EXCEPTION_MESSAGE = "exception.message";
    HTTP_STATUS_CODE = "http.status_code";
    RPC_STATUS_CODE = "rpc.status_code";
    GRPC_STATUS_CODE = "grpc.status_code";
    LABEL_APP = "app";
    LABEL_HOST = "host";
    LABEL_PID = "pid";
    LABEL_INSTANCE = "instance";
    MSG = "msg";
    MESSAGE = "message";
    M = "M";
    CONTENT = "content";
    ERROR = "error";
    ERR = "err";
}
