"""Log lines of Python's logging to the push API of Loki, by the handler of python-logging-loki."""

import logging
import os

import logging_loki

handler = logging_loki.LokiHandler(url=os.environ["LOKI"] + "/loki/api/v1/push", tags={"app": "shop"}, version="1")
log = logging.getLogger("orders")
log.addHandler(handler)
log.warning("stock is low trace_id=%s", os.environ["TRACE"], extra={"tags": {"shelf": "7"}})
log.error("stock is gone")
