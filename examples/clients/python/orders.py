"""A Flask service that asks another one through a circuit breaker. Nothing in it knows of Fusebox."""

import json
import logging
import os

import pybreaker
import requests
from flask import Flask
from opentelemetry import trace

log = logging.getLogger("orders")
log.setLevel(logging.INFO)
app = Flask(__name__)
stock = os.environ["STOCK"]


class Told(pybreaker.CircuitBreakerListener):
    def state_change(self, breaker, before, after):
        log.warning("circuit breaker '%s' changed from %s to %s", breaker.name, before.name, after.name)


breaker = pybreaker.CircuitBreaker(
    name="stock", fail_max=5, reset_timeout=2, throw_new_error_on_trip=False, listeners=[Told()]
)


def failed(status, code, message, solution):
    body = {"code": code, "message": message, "solution": solution}
    trace.get_current_span().set_attribute("error.code", code)
    log.error(json.dumps(body))
    return body, status


def deduct(sku):
    answer = requests.post(stock + "/v1/stock/deduct", json={"sku": sku}, timeout=0.5)
    if answer.status_code >= 500:
        answer.raise_for_status()
    return answer


@app.post("/orders/<sku>")
def order(sku):
    try:
        answer = breaker.call(deduct, sku)
    except pybreaker.CircuitBreakerError as refused:
        trace.get_current_span().record_exception(refused)
        return failed(503, 7001002, "orders do not call stock at the moment", "try again in a minute")
    except requests.RequestException as error:
        trace.get_current_span().record_exception(error)
        return failed(502, 7001001, "the order could not be placed", "try again")
    log.info("ordered %s", sku)
    return answer.json(), answer.status_code
