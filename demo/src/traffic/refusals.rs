//! Business answers: who is refused, with which code, and who says another code instead.

use rand::Rng;
use schemas::UnixNanos;

use super::{Done, Trace, World};
use crate::{
    business::{self, Coded},
    failure::Failure,
    scenario::Target,
    topology::{Refusal, Route},
    truth::CodeTruth,
    weather::Condition,
};

impl World {
    pub(super) fn refuse(&mut self, trace: &Trace, instance: usize, route: &Route, refusal: &'static Refusal, at: UnixNanos) -> Done {
        let usual = refusal.share;
        let deployed = self.instances[instance].deployed;
        let run = self.schedule.at(at);
        let share = run.and_then(|run| run.refusal_share((route.operation, refusal.reason), deployed)).unwrap_or(usual);
        if !self.rng.random_bool(share) {
            return Done { end: at, failure: None };
        }
        let me = &self.instances[instance];
        let failure = Failure::refused(refusal, me.service.stack);
        let Some(code) = business::code_of(refusal, me.generation) else { return Done { end: at, failure: Some(failure) } };
        let code = code.told(trace.request.reads_chinese());
        self.say_code(trace, instance, code, None, at);
        Done { end: at, failure: Some(failure.coded(code)) }
    }

    /// A caller that has its own code for what went wrong below says that one.
    pub(super) fn translate(&mut self, trace: &Trace, instance: usize, done: Done) -> Done {
        let service = self.instances[instance].service;
        let Some(failure) = &done.failure else { return done };
        let Some(from) = failure.code else { return done };
        let Some(translation) = business::translation(service.id, from) else { return done };
        let failure = failure.translated(translation, service.stack, trace.request.reads_chinese());
        if let Some(code) = failure.code {
            self.say_code(trace, instance, code, Some(from.number), done.end);
        }
        Done { failure: Some(failure), ..done }
    }

    /// How `target` is doing at `at`: as the scenario says, otherwise the weather.
    pub(super) fn condition(&mut self, target: Target, at: UnixNanos) -> Condition {
        if let Some(condition) = self.schedule.at(at).and_then(|run| run.condition(target, at)) {
            return condition;
        }
        match target {
            Target::Service(id) => self.services[id as usize].at(at),
            Target::Outside => self.outside.at(at),
        }
    }

    fn say_code(&mut self, trace: &Trace, instance: usize, code: Coded, translated_from: Option<u32>, at: UnixNanos) {
        let service = self.instances[instance].service.name;
        let scenario = self.schedule.at(at).map(|run| run.kind);
        self.truth.governance.say_code(CodeTruth { at, service, code: code.number, translated_from, trace: trace.id, scenario });
    }
}
