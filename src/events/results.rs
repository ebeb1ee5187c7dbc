//! What listeners answered.

use super::table::{Identity, ListenerId};
use super::value::{HubError, Value};
use std::sync::Arc;

/// The answer of one listener.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It answered.
    Ok(Value<'static>),
    /// It failed.
    Exception(HubError),
    /// There is no such listener.
    Undefined,
}

impl Outcome {
    /// Whether it answered.
    pub fn is_ok(&self) -> bool {
        matches!(self, Outcome::Ok(_))
    }
}

struct Answer {
    id: ListenerId,
    name: Option<Arc<str>>,
    outcome: Outcome,
}

/// The answers to one event, in the order of the listeners.
#[derive(Default)]
pub struct Results(Vec<Answer>);

static UNDEFINED: Outcome = Outcome::Undefined;

impl Results {
    pub(super) fn add(&mut self, id: ListenerId, identity: &Identity, outcome: Outcome) {
        let name = match identity {
            Identity::Name(name) => Some(Arc::clone(name)),
            Identity::Callback(..) => None,
        };
        self.0.push(Answer { id, name, outcome });
    }

    /// The answer of the listener of a name.
    pub fn get(&self, name: &str) -> &Outcome {
        let answer = self.0.iter().find(|answer| answer.name.as_deref() == Some(name));
        answer.map_or(&UNDEFINED, |answer| &answer.outcome)
    }

    /// The answer of the listener of a number.
    pub fn get_id(&self, id: ListenerId) -> &Outcome {
        self.0.iter().find(|answer| answer.id == id).map_or(&UNDEFINED, |answer| &answer.outcome)
    }

    /// How many listeners there were.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nobody listened.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
