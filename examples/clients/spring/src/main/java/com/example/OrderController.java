package com.example;

import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.opentelemetry.api.trace.Span;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestClientException;

@RestController
class OrderController {
    private static final Logger log = LoggerFactory.getLogger(OrderController.class);

    private final Stock stock;

    OrderController(Stock stock) {
        this.stock = stock;
    }

    @PostMapping("/orders/{sku}")
    Map<?, ?> order(@PathVariable("sku") String sku) {
        Map<?, ?> left = stock.deduct(sku);
        log.info("ordered {}", sku);
        return left;
    }

    @ExceptionHandler
    ResponseEntity<Failure> refused(CallNotPermittedException refused) {
        Span.current().recordException(refused);
        return failed(503, new Failure(7004002, "orders do not call stock at the moment", "try again in a minute"));
    }

    @ExceptionHandler
    ResponseEntity<Failure> failed(RestClientException error) {
        Span.current().recordException(error);
        return failed(502, new Failure(7004001, "the order could not be placed", "try again"));
    }

    private ResponseEntity<Failure> failed(int status, Failure failure) {
        Span.current().setAttribute("error.code", failure.code());
        log.error("{}", failure);
        return ResponseEntity.status(status).body(failure);
    }

    record Failure(int code, String message, String solution) {
        @Override
        public String toString() {
            return "{\"code\":" + code + ",\"message\":\"" + message + "\",\"solution\":\"" + solution + "\"}";
        }
    }
}
