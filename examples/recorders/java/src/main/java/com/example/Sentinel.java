package com.example;

import com.alibaba.csp.sentinel.Entry;
import com.alibaba.csp.sentinel.SphU;
import com.alibaba.csp.sentinel.Tracer;
import com.alibaba.csp.sentinel.slots.block.RuleConstant;
import com.alibaba.csp.sentinel.slots.block.degrade.DegradeRule;
import com.alibaba.csp.sentinel.slots.block.degrade.DegradeRuleManager;
import com.alibaba.csp.sentinel.slots.block.degrade.circuitbreaker.EventObserverRegistry;
import com.alibaba.csp.sentinel.slots.block.flow.FlowRule;
import com.alibaba.csp.sentinel.slots.block.flow.FlowRuleManager;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A breaker and a limiter of Sentinel, with an observer that logs. It writes its record, block and metric logs itself. */
final class Sentinel {
    private static final Logger log = LoggerFactory.getLogger("shop");

    static void play() throws InterruptedException {
        System.setProperty("project.name", "shop");
        System.setProperty("csp.sentinel.log.dir", System.getenv("LOGS") + "/sentinel-java/");
        DegradeRuleManager.loadRules(List.of(new DegradeRule("pay")
                .setGrade(RuleConstant.DEGRADE_GRADE_EXCEPTION_COUNT)
                .setCount(3)
                .setMinRequestAmount(3)
                .setStatIntervalMs(10_000)
                .setTimeWindow(5)));
        FlowRule limit = new FlowRule("search");
        limit.setGrade(RuleConstant.FLOW_GRADE_QPS);
        limit.setCount(2);
        FlowRuleManager.loadRules(List.of(limit));
        EventObserverRegistry.getInstance().addStateChangeObserver("logging", (from, to, rule, value) ->
                log.warn("circuit breaker of {} changes from {} to {}", rule.getResource(), from, to));
        Recorders.story(6000, () -> guarded("pay"));
        for (int i = 0; i < 4; i++) {
            Recorders.spanned(() -> guarded("search"));
        }
    }

    private static String guarded(String resource) throws Exception {
        Entry entry = SphU.entry(resource);
        try {
            return Recorders.ask();
        } catch (Exception error) {
            Tracer.traceEntry(error, entry);
            throw error;
        } finally {
            entry.exit();
        }
    }
}
