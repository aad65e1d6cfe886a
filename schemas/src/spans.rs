//! Table `spans`: one row per span. Own ids 100 and up; promoted attributes from 140, in the order of [`promoted::SPAN`].
//!
//! [`promoted::SPAN`]: crate::promoted::SPAN

use crate::{
    column::{Column, Kind},
    columns as c,
};

pub const COLUMNS: &[Column] = &[
    Column::required(100, c::TRACE_ID, Kind::Id(16), "trace id, never all zeros; lowercase hex in JSON"),
    Column::required(101, c::SPAN_ID, Kind::Id(8), "span id, never all zeros; lowercase hex in JSON"),
    Column::optional(102, c::PARENT_SPAN_ID, Kind::Id(8), "span id of the parent; null for a root"),
    Column::optional(103, c::TRACE_STATE, Kind::Text, "W3C tracestate; null when empty"),
    Column::required(104, c::FLAGS, Kind::U32, "W3C trace flags in bits 0-7, is-remote in bits 8 and 9; all 32 bits as sent"),
    Column::required(105, c::NAME, Kind::Text, "operation"),
    Column::required(
        106,
        c::KIND,
        Kind::I32,
        "0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer; other numbers as sent",
    ),
    Column::required(107, c::START_TIME, Kind::Time, "start"),
    Column::required(108, c::DURATION_NS, Kind::I64, "end minus start in nanoseconds; negative when the sender's clock went back"),
    Column::required(109, c::STATUS_CODE, Kind::I32, "0 unset, 1 ok, 2 error; other numbers as sent"),
    Column::optional(110, c::STATUS_MESSAGE, Kind::Text, "status message; null when empty"),
    Column::optional(111, c::EVENTS, Kind::Structs { item_id: 112, fields: EVENT }, "span events in the order sent; null when none"),
    Column::optional(117, c::LINKS, Kind::Structs { item_id: 118, fields: LINK }, "links in the order sent; null when none"),
    Column::optional(125, c::DROPPED_EVENTS_COUNT, Kind::U32, "events the sender dropped; null when 0"),
    Column::optional(126, c::DROPPED_LINKS_COUNT, Kind::U32, "links the sender dropped; null when 0"),
    Column::optional(127, c::ATTRIBUTES, Kind::Text, "JSON object of the attributes that are not promoted; null when none"),
    Column::optional(128, c::DROPPED_ATTRIBUTES_COUNT, Kind::U32, "attributes the sender dropped; null when 0"),
    Column::optional(129, c::RENAMED_KEYS, Kind::I64, "bit set: which promoted columns came from an alias; null when none"),
    Column::optional(130, c::ERROR_CODE, Kind::Text, "derived by governance: the error code"),
    Column::optional(131, c::ERROR_REASON, Kind::Text, "derived by governance: the error reason"),
    Column::optional(132, c::REJECTION_KIND, Kind::Text, "derived by governance: who refused the call"),
    Column::optional(133, c::BREAKER_NAME, Kind::Text, "derived by governance: the circuit breaker"),
    Column::optional(140, c::HTTP_REQUEST_METHOD, Kind::Text, "attribute `http.request.method`"),
    Column::optional(141, c::HTTP_ROUTE, Kind::Text, "attribute `http.route`"),
    Column::optional(142, c::HTTP_RESPONSE_STATUS_CODE, Kind::I64, "attribute `http.response.status_code` when an integer"),
    Column::optional(143, c::URL_PATH, Kind::Text, "attribute `url.path`"),
    Column::optional(144, c::URL_FULL, Kind::Text, "attribute `url.full`"),
    Column::optional(145, c::SERVER_ADDRESS, Kind::Text, "attribute `server.address`"),
    Column::optional(146, c::SERVER_PORT, Kind::I64, "attribute `server.port`"),
    Column::optional(147, c::USER_AGENT, Kind::Text, "attribute `user_agent.original`"),
    Column::optional(148, c::PEER_SERVICE, Kind::Text, "attribute `peer.service`"),
    Column::optional(149, c::RPC_SYSTEM, Kind::Text, "attribute `rpc.system`"),
    Column::optional(150, c::RPC_SERVICE, Kind::Text, "attribute `rpc.service`"),
    Column::optional(151, c::RPC_METHOD, Kind::Text, "attribute `rpc.method`"),
    Column::optional(152, c::RPC_STATUS_CODE, Kind::Text, "attribute `rpc.status_code` when a string"),
    Column::optional(153, c::RPC_GRPC_STATUS_CODE, Kind::I64, "attribute `rpc.grpc.status_code` when an integer"),
    Column::optional(154, c::DB_SYSTEM, Kind::Text, "attribute `db.system.name`"),
    Column::optional(155, c::DB_OPERATION, Kind::Text, "attribute `db.operation.name`"),
    Column::optional(156, c::DB_NAMESPACE, Kind::Text, "attribute `db.namespace`"),
    Column::optional(157, c::DB_QUERY_TEXT, Kind::Text, "attribute `db.query.text`"),
    Column::optional(158, c::MESSAGING_SYSTEM, Kind::Text, "attribute `messaging.system`"),
    Column::optional(159, c::MESSAGING_DESTINATION, Kind::Text, "attribute `messaging.destination.name`"),
    Column::optional(160, c::MESSAGING_OPERATION, Kind::Text, "attribute `messaging.operation.type`"),
    Column::optional(161, c::ERROR_TYPE, Kind::Text, "attribute `error.type`"),
    Column::optional(162, c::EXCEPTION_TYPE, Kind::Text, "attribute `exception.type`"),
    Column::optional(163, c::EXCEPTION_MESSAGE, Kind::Text, "attribute `exception.message`"),
    Column::optional(164, c::RESPONSE_FLAGS, Kind::Text, "Envoy's attribute `response_flags`"),
    Column::optional(165, c::UPSTREAM_CLUSTER, Kind::Text, "Envoy's attribute `upstream_cluster.name`"),
];

/// The fields of `events`.
pub const EVENT: &[Column] = &[
    Column::required(113, c::TIME, Kind::Time, "when it happened"),
    Column::required(114, c::NAME, Kind::Text, "what happened"),
    Column::optional(115, c::ATTRIBUTES, Kind::Text, "JSON object of the attributes; null when none"),
    Column::optional(116, c::DROPPED_ATTRIBUTES_COUNT, Kind::U32, "attributes the sender dropped; null when 0"),
];

/// The fields of `links`.
pub const LINK: &[Column] = &[
    Column::optional(119, c::TRACE_ID, Kind::Id(16), "linked trace; null when invalid"),
    Column::optional(120, c::SPAN_ID, Kind::Id(8), "linked span; null when invalid"),
    Column::optional(121, c::TRACE_STATE, Kind::Text, "W3C tracestate; null when empty"),
    Column::required(122, c::FLAGS, Kind::U32, "as the span's flags, of the linked context"),
    Column::optional(123, c::ATTRIBUTES, Kind::Text, "JSON object of the attributes; null when none"),
    Column::optional(124, c::DROPPED_ATTRIBUTES_COUNT, Kind::U32, "attributes the sender dropped; null when 0"),
];
