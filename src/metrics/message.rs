//! What callers say: metrics, events and checks, and why one of them is refused.

use std::fmt;

/// What a value is added to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum MetricKind {
    /// A number of things that happened.
    Count,
    /// A value that is as it is now.
    Gauge,
    /// Values whose distribution the agent looks at.
    Histogram,
    /// Values whose distribution is looked at for all hosts together.
    Distribution,
    /// Durations in milliseconds.
    Timing,
    /// Things of which the different ones are counted.
    Set,
}

impl MetricKind {
    /// All of them, in the order of their numbers.
    pub const ALL: [MetricKind; 6] = [
        MetricKind::Count,
        MetricKind::Gauge,
        MetricKind::Histogram,
        MetricKind::Distribution,
        MetricKind::Timing,
        MetricKind::Set,
    ];

    /// As it stands in messages.
    pub fn symbol(self) -> &'static str {
        match self {
            MetricKind::Count => "c",
            MetricKind::Gauge => "g",
            MetricKind::Histogram => "h",
            MetricKind::Distribution => "d",
            MetricKind::Timing => "ms",
            MetricKind::Set => "s",
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            MetricKind::Count => "count",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram => "histogram",
            MetricKind::Distribution => "distribution",
            MetricKind::Timing => "timing",
            MetricKind::Set => "set",
        }
    }

    /// Whether a message may stand for several, so that some need not be sent.
    pub fn takes_rate(self) -> bool {
        !matches!(self, MetricKind::Gauge | MetricKind::Set)
    }
}

/// How many tags of its origin a message asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Cardinality {
    /// None.
    None = 1,
    /// Those with few values.
    Low,
    /// Those of the orchestrator, too.
    Orchestrator,
    /// All.
    High,
}

impl Cardinality {
    const ALL: [Cardinality; 4] = [Cardinality::None, Cardinality::Low, Cardinality::Orchestrator, Cardinality::High];

    /// As it stands in messages.
    pub fn word(self) -> &'static str {
        match self {
            Cardinality::None => "none",
            Cardinality::Low => "low",
            Cardinality::Orchestrator => "orchestrator",
            Cardinality::High => "high",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cardinality| cardinality.word() == word)
    }

    /// The one of a number; `None`: there is none.
    pub fn of_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|cardinality| *cardinality as u8 == number)
    }
}

/// The tags of a message, `key:value` or a word each: calls what it is given with each of them. So nobody has to gather them.
pub type TagList<'a> = &'a dyn Fn(&mut dyn FnMut(&str));

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MetricValue<'a> {
    /// A number.
    Number(f64),
    /// A member of a set.
    Text(&'a str),
}

/// One value of a metric.
#[derive(Clone, Copy)]
pub struct Metric<'a> {
    /// What it is added to.
    pub kind: MetricKind,
    /// Below the client's namespace.
    pub name: &'a str,
    /// What was measured.
    pub value: MetricValue<'a>,
    /// Beside the client's own.
    pub tags: TagList<'a>,
    /// Which part of the calls is sent; above 1: all, 0 or less: none.
    pub rate: f64,
    /// Unix seconds, for counts and gauges that are sent as they are; `None`: now.
    pub timestamp: Option<i64>,
    /// Instead of the client's.
    pub cardinality: Option<Cardinality>,
}

/// How urgent an event is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EventPriority {
    /// As usual.
    #[default]
    Normal,
    /// Less.
    Low,
}

/// What kind of event it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EventAlert {
    /// Worth knowing.
    #[default]
    Info,
    /// Something failed.
    Error,
    /// Something may fail.
    Warning,
    /// Something succeeded.
    Success,
}

/// Something that happened, in words. Texts that are empty are not given.
#[derive(Clone, Copy)]
pub struct Event<'a> {
    /// The headline.
    pub title: &'a str,
    /// The story; may have several lines.
    pub text: &'a str,
    /// Unix seconds; `None`: when it arrives.
    pub timestamp: Option<i64>,
    /// Where it happened.
    pub hostname: &'a str,
    /// What events are gathered by.
    pub aggregation_key: &'a str,
    /// How urgent it is.
    pub priority: EventPriority,
    /// Which kind of program says so.
    pub source_type: &'a str,
    /// What kind of event it is.
    pub alert: EventAlert,
    /// Beside the client's own.
    pub tags: TagList<'a>,
}

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckStatus {
    /// All is well.
    Ok = 0,
    /// It may not stay so.
    Warning = 1,
    /// It is not.
    Critical = 2,
    /// It could not be found out.
    Unknown = 3,
}

/// The state of a service that this process uses or provides.
#[derive(Clone, Copy)]
pub struct ServiceCheck<'a> {
    /// Its name.
    pub name: &'a str,
    /// What was found.
    pub status: CheckStatus,
    /// Unix seconds; `None`: when it arrives.
    pub timestamp: Option<i64>,
    /// Where; empty: here.
    pub hostname: &'a str,
    /// Why; may be empty.
    pub message: &'a str,
    /// Beside the client's own.
    pub tags: TagList<'a>,
}

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The name or the title is empty, or has no letter.
    NoName,
    /// The value is no finite number, or an empty member of a set.
    BadValue,
    /// The kind of metric has another kind of value.
    WrongValue,
    /// Times are after 1970, and only counts and gauges have them.
    BadTime,
    /// The message has more bytes than one may have.
    TooLarge,
    /// The client was shut down.
    ShutDown,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::NoName => "the name has no letter",
            Refusal::BadValue => "the value is no finite number, or empty",
            Refusal::WrongValue => "sets take text, all other kinds of metrics numbers",
            Refusal::BadTime => "times are after 1970, and for counts and gauges only",
            Refusal::TooLarge => "the message is too large",
            Refusal::ShutDown => "the client is shut down",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cardinalities_are_read_back() {
        for word in ["none", "low", "orchestrator", "high"] {
            assert_eq!(Cardinality::parse(word).map(Cardinality::word), Some(word));
        }
        assert_eq!(Cardinality::parse("medium"), None);
    }

    #[test]
    fn kinds_stand_in_the_order_of_their_numbers() {
        assert!(MetricKind::ALL.iter().enumerate().all(|(number, kind)| *kind as usize == number));
    }
}
