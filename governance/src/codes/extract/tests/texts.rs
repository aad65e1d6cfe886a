//! Step 4: codes in free text.

use super::*;

#[test]
fn codes_in_texts() {
    for (text, code) in [
        ("biz error: code=5001003, msg=insufficient stock", "5001003"),
        ("remote or network error[remote]: biz error: code=-12, msg=x", "-12"),
        ("pay failed, code=5001003", "5001003"),
        ("pay failed, code: 5001003, retry later", "5001003"),
        ("Error Code: E5001003", "E5001003"),
        ("errcode=40001", "40001"),
        ("err_code = 5001003", "5001003"),
        ("\"error_code\":\"5001003\" in the answer", "5001003"),
        ("errorCode: ORDER_NOT_FOUND", "ORDER_NOT_FOUND"),
        ("code=INSUFFICIENT_STOCK", "INSUFFICIENT_STOCK"),
        ("错误码：5001003，库存不足", "5001003"),
        ("错误码:5001003库存不足", "5001003"),
        ("下单失败，错误代码： E1001", "E1001"),
        ("发生错误error code：5001003", "5001003"),
        ("[5001003] insufficient stock", "5001003"),
        ("pay failed: [5001003]", "5001003"),
        ("库存不足 【5001003】", "5001003"),
        ("code=-1001 from upstream", "-1001"),
    ] {
        check(text, log(17, text), Expect { code, source: Some(CodeSource::Text), ..Expect::default() });
        check(text, log(13, text), Expect { code, ..Expect::default() });
        check(text, span("app", 2, "x").failed(text), Expect { code, ..Expect::default() });
        check(text, span("app", 2, "x").failed("").exception("*errors.errorString", text), Expect { code, ..Expect::default() });
        check_none(text, log(9, text));
        check_none(text, log(0, text));
    }
    check(
        "Kitex says the message too",
        span("kitex", 2, "Pay").failed("biz error: code=5001003, msg=insufficient stock"),
        Expect { code: "5001003", message: Some("insufficient stock"), ..Expect::default() },
    );
    check("zap's error", log(17, "pay failed").with(attr("error", "code=5001003")), Expect { code: "5001003", ..Expect::default() });
}

#[test]
fn texts_without_a_code() {
    for text in [
        "order 5001003 failed",
        "listen on 127.0.0.1:50010",
        "rpc error: code = Unavailable desc = connection refused",
        "rpc error: code = DeadlineExceeded desc = too slow",
        "statusCode: 5001",
        "zip_code: 94107",
        "code=0",
        "code: 200",
        "code=OK",
        "errcode: SUCCESS",
        "code=NULL",
        "code=123456789",
        "code = abc",
        "exit code: 137",
        "[20240601] nightly job failed",
        "worker [1234] died",
        "array[5001003] out of range",
        "[main] failed",
        "biz error: code=0, msg=ok",
        "decode: failed",
    ] {
        let error = only(text, &log(17, text)).expect("an error log is an error");
        assert!(error.code.starts_with("msg:") || error.code.starts_with("grpc:"), "{text}: {}", error.code);
        check_none(text, log(9, text));
    }
    check_none("a warning without a code is no error", log(13, "disk is 80 % full"));
}
