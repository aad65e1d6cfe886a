//! The parser's part about structures: `{…} >> {…} > {…}`, outermost, beside fields of the trace.

use super::{
    ast::{Expr, FieldTest, FreeText, FreeTextKind, Relation, Search, Step, Structure, Term},
    error::SearchError,
    field::FieldName,
    limits::STEPS_MAX,
    mistake::Mistake,
    parser::Parser,
    place::Place,
    token::TokenKind,
};

impl Parser {
    /// The whole text, which has an opening brace somewhere.
    pub(super) fn structure(&mut self) -> Result<Search, SearchError> {
        let mut structure = None;
        let mut traces = Vec::new();
        loop {
            let place = self.place();
            match self.kind() {
                Some(TokenKind::OpenBrace) if structure.is_some() => return Err(SearchError::new(Mistake::SecondStructure, place.range())),
                Some(TokenKind::OpenBrace) => structure = Some(self.chain(place)?),
                Some(TokenKind::Or) => return Err(SearchError::new(Mistake::StructureInside, place.range())),
                _ => traces.push(self.operand()?),
            }
            match self.accept(&TokenKind::And) {
                Some(place) => self.expect_term("AND", place)?,
                None if self.begins_term() || self.kind() == Some(&TokenKind::Or) => {}
                None => break,
            }
        }
        self.end()?;
        let Some((first, steps)) = structure else { return Err(self.unexpected()) };
        let traces = Expr::and(traces);
        traces.as_ref().map_or(Ok(()), |traces| check_terms(traces, mistake_beside))?;
        Ok(Search::Structure(Structure { first, steps, traces }))
    }

    fn chain(&mut self, open: Place) -> Result<(Expr, Vec<Step>), SearchError> {
        let first = self.braces(open)?;
        let mut steps = Vec::new();
        loop {
            let place = self.place();
            let relation = match self.kind() {
                Some(TokenKind::Descendant) => Relation::Descendant,
                Some(TokenKind::Child) => Relation::Child,
                _ => break,
            };
            if steps.len() == STEPS_MAX {
                return Err(SearchError::new(Mistake::TooManySteps, place.range()));
            }
            self.take();
            let open = self.place();
            match self.kind() {
                Some(TokenKind::OpenBrace) => steps.push(Step { relation, spans: self.braces(open)? }),
                Some(TokenKind::Broken(_)) => return Err(self.unexpected()),
                _ => return Err(SearchError::new(Mistake::RelationWithoutBraces { symbol: relation.symbol() }, place.range())),
            }
        }
        if steps.is_empty() {
            return Err(SearchError::new(Mistake::LoneBraces, open.to(self.last_place()).range()));
        }
        Ok((first, steps))
    }

    fn braces(&mut self, open: Place) -> Result<Expr, SearchError> {
        self.enter(open)?;
        self.take();
        if let Some(close) = self.accept(&TokenKind::CloseBrace) {
            return Err(SearchError::new(Mistake::Empty, open.to(close).range()));
        }
        let spans = self.or_inside(open, '{')?;
        if self.accept(&TokenKind::CloseBrace).is_none() {
            return Err(self.unexpected());
        }
        self.leave();
        check_terms(&spans, mistake_inside)?;
        Ok(spans)
    }
}

fn mistake_beside(term: Term<'_>) -> Option<Mistake> {
    match term {
        Term::Field(test) if is_trace(test) => None,
        Term::Text(FreeText { kind: FreeTextKind::Word(word), .. }) if word == "and" => Some(Mistake::LowerCase { word: "and" }),
        _ => Some(Mistake::SpansBesideStructure),
    }
}

fn mistake_inside(term: Term<'_>) -> Option<Mistake> {
    match term {
        Term::Field(test) if is_trace(test) => Some(Mistake::TraceInBraces),
        _ => None,
    }
}

fn is_trace(test: &FieldTest) -> bool {
    matches!(test.field.name, FieldName::Trace(_))
}

/// The first term that `mistake` finds fault with.
fn check_terms(expr: &Expr, mistake: impl Fn(Term<'_>) -> Option<Mistake>) -> Result<(), SearchError> {
    let mut first = None;
    expr.for_each_term(&mut |term| {
        if first.is_none() {
            first = mistake(term).map(|mistake| SearchError::new(mistake, term.place().range()));
        }
    });
    first.map_or(Ok(()), Err)
}
