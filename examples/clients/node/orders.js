// An Express service that asks another one through a circuit breaker. Nothing in it knows of Fusebox.
const { trace } = require('@opentelemetry/api')
const express = require('express')
const CircuitBreaker = require('opossum')
const pino = require('pino')

const log = pino()
const { STOCK, PORT } = process.env

async function deduct(sku) {
  const answer = await fetch(`${STOCK}/v1/stock/deduct`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sku }),
  })
  if (answer.status >= 500) throw new Error(`stock answered ${answer.status}`)
  return { status: answer.status, body: await answer.json() }
}

const breaker = new CircuitBreaker(deduct, { name: 'stock', timeout: 500, errorThresholdPercentage: 50, volumeThreshold: 5, resetTimeout: 2000 })
let state = 'closed'
for (const [event, to] of [['open', 'open'], ['halfOpen', 'half-open'], ['close', 'closed']]) {
  breaker.on(event, () => {
    log.warn({ breaker: breaker.name, from: state, to }, 'circuit breaker state changed')
    state = to
  })
}

function failed(response, status, code, message, solution) {
  const body = { code, message, solution }
  trace.getActiveSpan()?.setAttribute('error.code', code)
  log.error(body)
  response.status(status).json(body)
}

const app = express()
app.post('/orders/:sku', async (request, response) => {
  try {
    const { status, body } = await breaker.fire(request.params.sku)
    log.info(`ordered ${request.params.sku}`)
    response.status(status).json(body)
  } catch (error) {
    trace.getActiveSpan()?.recordException(error)
    if (error.code === 'EOPENBREAKER') {
      failed(response, 503, 7002002, 'orders do not call stock at the moment', 'try again in a minute')
    } else {
      failed(response, 502, 7002001, 'the order could not be placed', 'try again')
    }
  }
})
app.listen(Number(PORT), '127.0.0.1')
