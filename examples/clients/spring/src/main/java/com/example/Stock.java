package com.example;

import io.github.resilience4j.circuitbreaker.annotation.CircuitBreaker;
import java.util.Map;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;
import org.springframework.web.client.RestTemplate;

@Component
class Stock {
    private final RestTemplate client;
    private final String address;

    Stock(RestTemplate client, @Value("${STOCK}") String address) {
        this.client = client;
        this.address = address;
    }

    @CircuitBreaker(name = "stock")
    Map<?, ?> deduct(String sku) {
        return client.postForObject(address + "/v1/stock/deduct", Map.of("sku", sku), Map.class);
    }
}
