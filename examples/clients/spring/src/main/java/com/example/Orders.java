package com.example;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.web.client.RestTemplateBuilder;
import org.springframework.context.annotation.Bean;
import org.springframework.web.client.RestTemplate;

/** A Spring Boot service that asks another one through a circuit breaker. Nothing in it knows of Fusebox. */
@SpringBootApplication
public class Orders {
    public static void main(String[] arguments) {
        SpringApplication.run(Orders.class, arguments);
    }

    @Bean
    RestTemplate client(RestTemplateBuilder builder) { // the starter adds its tracing to what this builder makes
        return builder.build();
    }
}
