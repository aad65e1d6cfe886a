"use strict";

const byId = (id) => document.getElementById(id);
const isChinese = () => document.documentElement.lang === "zh";
const say = (en, zh) => (isChinese() ? zh : en);

const NAMES = { otlp_grpc: "OTLP/gRPC", otlp_http: "OTLP/HTTP", api: "API" };
const REFRESH_MS = 2000;
const SPANS_SHOWN_MAX = 500;

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function count(number) {
  return new Intl.NumberFormat(isChinese() ? "zh-CN" : "en").format(number);
}

function bytes(number) {
  return `${(number / 1048576).toFixed(1)} MiB`;
}

function uptime(seconds) {
  const days = Math.floor(seconds / 86400);
  const clock = new Date((seconds % 86400) * 1000).toISOString().slice(11, 19);
  return days > 0 ? `${days} d ${clock}` : clock;
}

function duration(ns) {
  if (ns >= 1e9) return `${(ns / 1e9).toFixed(2)} s`;
  if (ns >= 1e6) return `${(ns / 1e6).toFixed(2)} ms`;
  return `${(ns / 1e3).toFixed(1)} µs`;
}

function nanos(time) {
  const fraction = BigInt(time.slice(20, 29));
  return BigInt(Date.parse(`${time.slice(0, 19)}Z`)) * 1000000n + fraction;
}

function showState(className, text) {
  byId("state").className = `state ${className}`;
  byId("state-text").textContent = text;
}

function showListening(listening) {
  const rows = listening.map(({ name, url }) => {
    const row = element("tr");
    row.append(element("td", "", NAMES[name] ?? name), element("td", "", url));
    return row;
  });
  byId("listening").replaceChildren(...rows);
  const url = Object.fromEntries(listening.map((one) => [one.name, one.url]));
  byId("snippet-grpc").textContent = `export OTEL_EXPORTER_OTLP_ENDPOINT=${url.otlp_grpc}\nexport OTEL_EXPORTER_OTLP_PROTOCOL=grpc`;
  byId("snippet-http").textContent = `export OTEL_EXPORTER_OTLP_ENDPOINT=${url.otlp_http}\nexport OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf`;
  byId("snippet-cli").textContent = `fusebox send --endpoint ${url.otlp_http} traces.otlp.zst\nfusebox trace --api ${url.api} TRACE_ID`;
}

async function refresh() {
  try {
    const status = await (await fetch("/api/v1/status")).json();
    byId("version").textContent = status.version;
    showState(status.ready ? "ready" : "", status.ready ? say("ready", "就绪") : status.reasons.join("; "));
    showListening(status.listening);
    const received = status.received;
    for (const signal of ["traces", "logs", "metrics"]) byId(`n-${signal}`).textContent = count(received[signal]);
    byId("n-rejected").textContent = count(received.rejected);
    byId("n-memory").textContent = status.process.resident_bytes === null ? "–" : bytes(status.process.resident_bytes);
    byId("n-uptime").textContent = uptime(status.uptime_s);
    byId("empty").hidden = status.storage.tables.some((table) => table.rows > 0);
    byId("n-disk").textContent = bytes(status.storage.tables.reduce((sum, table) => sum + table.block_bytes, status.storage.wal_bytes));
  } catch {
    showState("down", say("the server does not answer", "服务器没有响应"));
  }
}

function bar(span, traceStart, traceNs) {
  const svgName = "http:" + "//www.w3.org/2000/svg";
  const svg = document.createElementNS(svgName, "svg");
  const rect = document.createElementNS(svgName, "rect");
  const offset = Number(nanos(span.start_time) - traceStart);
  rect.setAttribute("x", `${(100 * offset) / traceNs}%`);
  rect.setAttribute("width", `${Math.max(0.3, (100 * Math.max(0, span.duration_ns)) / traceNs)}%`);
  rect.setAttribute("height", "100%");
  svg.append(rect);
  return svg;
}

function waterfallRow(span, traceStart, traceNs) {
  const row = element("li");
  const button = element("button");
  button.type = "button";
  button.setAttribute("aria-expanded", "false");
  if (span.status_code === "error") button.classList.add("error");
  if (span.parent_missing) button.classList.add("orphan");
  const what = element("span", "what", "\u2002".repeat(Math.min(span.depth, 24)));
  what.append(element("b", "", span.name), " ", element("em", "", span.service_name ?? ""));
  button.append(what, bar(span, traceStart, traceNs), element("span", "time", duration(span.duration_ns)));
  button.addEventListener("click", () => {
    for (const other of byId("waterfall").querySelectorAll("[aria-expanded='true']")) other.setAttribute("aria-expanded", "false");
    button.setAttribute("aria-expanded", "true");
    byId("span-detail").textContent = JSON.stringify(span, null, 2);
    byId("span-detail").hidden = false;
  });
  row.append(button);
  return row;
}

function showTrace(trace) {
  const shown = trace.spans.slice(0, SPANS_SHOWN_MAX);
  const traceStart = nanos(trace.start_time);
  const traceNs = Math.max(1, trace.duration_ns);
  const cut = shown.length < trace.span_count ? say(`, the first ${shown.length} shown`, `，显示前 ${shown.length} 个`) : "";
  byId("trace-summary").textContent =
    say(`${count(trace.span_count)} spans, ${trace.services.length} services, `, `${count(trace.span_count)} 个 span，${trace.services.length} 个服务，`) +
    duration(trace.duration_ns) + ", " + trace.start_time + cut;
  byId("waterfall").replaceChildren(...shown.map((span) => waterfallRow(span, traceStart, traceNs)));
  byId("span-detail").hidden = true;
  byId("trace").hidden = false;
}

async function lookUp(id) {
  byId("trace").hidden = true;
  const message = byId("trace-message");
  message.hidden = true;
  try {
    const response = await fetch(`/api/v1/traces/${encodeURIComponent(id)}`);
    const body = await response.json();
    if (response.ok) return showTrace(body);
    message.textContent = [body.detail, body.hint, ...(body.errors ?? []).map((error) => error.hint)].filter(Boolean).join(" — ");
  } catch {
    message.textContent = say("the server does not answer", "服务器没有响应");
  }
  message.hidden = false;
}

byId("lookup").addEventListener("submit", (event) => {
  event.preventDefault();
  const id = byId("trace-id").value.trim();
  if (id) location.hash = id;
});

function followHash() {
  const id = decodeURIComponent(location.hash.slice(1));
  if (!id) return;
  byId("trace-id").value = id;
  lookUp(id);
}

byId("language").addEventListener("click", () => {
  document.documentElement.lang = isChinese() ? "en" : "zh";
  localStorage.setItem("language", document.documentElement.lang);
  refresh();
});

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", () => navigator.clipboard?.writeText(byId(button.dataset.copy).textContent));
}

const remembered = localStorage.getItem("language");
if (remembered === "en" || remembered === "zh") document.documentElement.lang = remembered;
window.addEventListener("hashchange", followHash);
followHash();
refresh();
setInterval(() => document.hidden || refresh(), REFRESH_MS);
