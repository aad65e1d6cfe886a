package com.example;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A service that asks another one through a circuit breaker. Nothing in it knows of Fusebox, or of OpenTelemetry. */
public final class Orders {
    private static final Logger log = LoggerFactory.getLogger(Orders.class);

    private final URI stock = URI.create(System.getenv("STOCK") + "/v1/stock/deduct");
    private final HttpClient client = HttpClient.newHttpClient();
    private final CircuitBreaker breaker = CircuitBreaker.of("stock", CircuitBreakerConfig.custom()
            .slidingWindowSize(10)
            .minimumNumberOfCalls(5)
            .waitDurationInOpenState(Duration.ofSeconds(2))
            .permittedNumberOfCallsInHalfOpenState(2)
            .build());

    public static void main(String[] arguments) throws IOException {
        new Orders().serve(Integer.parseInt(System.getenv("PORT")));
    }

    private void serve(int port) throws IOException {
        breaker.getEventPublisher().onStateTransition(event -> log.warn("{}", event));
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        server.createContext("/orders/", this::order);
        server.setExecutor(Executors.newFixedThreadPool(8));
        server.start();
    }

    private void order(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        String sku = path.substring(path.lastIndexOf('/') + 1);
        try {
            HttpResponse<String> answer = breaker.executeCallable(() -> deduct(sku));
            log.info("ordered {}", sku);
            answer(exchange, answer.statusCode(), answer.body());
        } catch (CallNotPermittedException refused) {
            log.warn("refused", refused);
            fail(exchange, 503, 7003002, "orders do not call stock at the moment", "try again in a minute");
        } catch (Exception error) {
            log.warn("failed", error);
            fail(exchange, 502, 7003001, "the order could not be placed", "try again");
        }
    }

    private HttpResponse<String> deduct(String sku) throws IOException, InterruptedException {
        HttpResponse<String> answer = client.send(HttpRequest.newBuilder(stock)
                .timeout(Duration.ofMillis(500))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"sku\":\"" + sku + "\"}"))
                .build(), HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() >= 500) {
            throw new IOException("stock answered " + answer.statusCode());
        }
        return answer;
    }

    private void fail(HttpExchange exchange, int status, int code, String message, String solution) throws IOException {
        String body = "{\"code\":" + code + ",\"message\":\"" + message + "\",\"solution\":\"" + solution + "\"}";
        log.error(body);
        answer(exchange, status, body);
    }

    private void answer(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes();
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }
}
