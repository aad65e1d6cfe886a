package com.example;

import com.netflix.hystrix.HystrixCommand;
import com.netflix.hystrix.HystrixCommandGroupKey;
import com.netflix.hystrix.HystrixCommandKey;
import com.netflix.hystrix.HystrixCommandProperties;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.micrometer.tagged.TaggedCircuitBreakerMetrics;
import io.micrometer.core.instrument.Metrics;
import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Scope;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Five calls that are well, a dependency that fails until calls are refused, and one that is well again: what the libraries say of it. */
public final class Recorders {
    private static final Logger log = LoggerFactory.getLogger("shop");

    private static boolean broken;

    public static void main(String[] arguments) throws InterruptedException {
        switch (arguments[0]) {
            case "resilience4j" -> resilience4j();
            case "hystrix" -> hystrix();
            case "sentinel-java" -> Sentinel.play();
            default -> throw new IllegalArgumentException(arguments[0]);
        }
        Thread.sleep(5000); // the last export of metrics
    }

    private static void resilience4j() throws InterruptedException {
        CircuitBreakerRegistry registry = CircuitBreakerRegistry.of(CircuitBreakerConfig.custom()
                .slidingWindowSize(5)
                .minimumNumberOfCalls(5)
                .waitDurationInOpenState(Duration.ofSeconds(5))
                .permittedNumberOfCallsInHalfOpenState(2)
                .build());
        TaggedCircuitBreakerMetrics.ofCircuitBreakerRegistry(registry).bindTo(Metrics.globalRegistry);
        CircuitBreaker breaker = registry.circuitBreaker("pay");
        breaker.getEventPublisher().onStateTransition(event -> log.warn("{}", event));
        story(6000, () -> breaker.executeCallable(Recorders::ask));
    }

    private static void hystrix() throws InterruptedException {
        story(6000, () -> new Charge().execute());
    }

    private static final class Charge extends HystrixCommand<String> {
        Charge() {
            super(Setter.withGroupKey(HystrixCommandGroupKey.Factory.asKey("pay"))
                    .andCommandKey(HystrixCommandKey.Factory.asKey("Charge"))
                    .andCommandPropertiesDefaults(HystrixCommandProperties.Setter()
                            .withCircuitBreakerRequestVolumeThreshold(3)
                            .withCircuitBreakerSleepWindowInMilliseconds(5000)));
        }

        @Override
        protected String run() throws IOException {
            return ask();
        }
    }

    static String ask() throws IOException {
        if (broken) {
            throw new IOException("pay answered 500");
        }
        return "paid";
    }

    static void story(int wait, Callable<String> call) throws InterruptedException {
        for (int i = 0; i < 5; i++) {
            spanned(call);
        }
        broken = true;
        for (int i = 0; i < 10; i++) {
            spanned(call);
            Thread.sleep(200); // Hystrix counts what happened twice a second
        }
        broken = false;
        Thread.sleep(wait);
        for (int i = 0; i < 5; i++) {
            spanned(call);
        }
    }

    static void spanned(Callable<String> call) {
        Span span = GlobalOpenTelemetry.getTracer("shop").spanBuilder("charge").startSpan();
        try (Scope scope = span.makeCurrent()) {
            call.call();
        } catch (Exception error) {
            log.warn("failed", error);
            span.recordException(error);
            span.setStatus(StatusCode.ERROR, error.getMessage());
        } finally {
            span.end();
        }
    }
}
