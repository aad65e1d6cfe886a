//! What OTLP demands of a server, row by row: every test is named after its row in the project's list of obligations
//! (C: both transports, G: gRPC, H: HTTP, J: JSON, D: data, N: expected though not in the specification).

mod c_common;
mod d_data;
mod g_grpc;
mod h_http;
mod j_json;
mod n_network;
