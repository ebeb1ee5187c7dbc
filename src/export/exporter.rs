//! Exporters as the sender sees them: an attempt to hand over a payload, and what became of it.

use super::agent::{AgentExporter, KnownAgent};
use super::agentless::AgentlessExporter;
use super::block::Block;
use super::counters::ExportCounters;
use super::data_exporter::{DataExporter, ExportError};
use super::otlp::OtlpExporter;
use super::pipeline::Pipeline;
use crate::record::ChunkData;
use crate::wire::TraceEncoder;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What became of an attempt.
pub enum Attempt {
    /// The exporter has it.
    Taken {
        /// Size of the payload.
        bytes: usize,
    },
    /// The exporter has all but these.
    Partly {
        /// How many chunks it did not take.
        chunks: usize,
        /// How many spans are in them.
        spans: usize,
    },
    /// Try again at once; the format has changed.
    Again,
    /// The answer is still to come.
    Pending {
        /// When to look again, if nobody awakens the sender before.
        poll: Duration,
    },
    /// Try again after this long.
    Later(Duration),
    /// The receiver takes no payload of that size; smaller ones may be taken.
    TooLarge,
    /// It cannot be delivered.
    Dropped,
}

/// What an exporter that was tended answers.
#[derive(Clone, Copy, Debug)]
pub struct Tended {
    /// Whether it knows what is to become of the chunks that have arrived.
    pub is_ready: bool,
    /// When it wants to be tended again.
    pub again_in: Duration,
}

impl Tended {
    /// There is nothing to do but to send.
    pub const IDLE: Tended = Tended { is_ready: true, again_in: Duration::from_secs(3600) };
}

/// What an exporter is offered.
pub trait Payload {
    /// How many chunks.
    fn chunk_count(&self) -> usize;
    /// Encodes the chunks.
    fn encode(&self, format: &mut dyn TraceEncoder);
    /// The chunks to read.
    fn data(&self) -> Vec<ChunkData>;
}

/// Where finished chunks go.
pub enum Exporter {
    /// To an agent, over the library's own transport.
    Agent(Box<AgentExporter>),
    /// To Datadog's intake, without an agent.
    Agentless(Box<AgentlessExporter>),
    /// To whoever takes OTLP.
    Otlp(Box<OtlpExporter>),
    /// To people and tests.
    Data(Arc<dyn DataExporter>),
    /// Nowhere.
    Null,
}

impl Exporter {
    /// Lets the exporter do what is due beside sending. `by` is given in the last cycle; `has_work` tells whether chunks wait.
    pub fn tend(&mut self, by: Option<Instant>, has_work: bool, pipeline: &Arc<Pipeline>) -> Tended {
        match self {
            Exporter::Agent(agent) => agent.tend(by, has_work, pipeline),
            Exporter::Otlp(otlp) => otlp.tend(by, pipeline),
            _ => Tended::IDLE,
        }
    }

    /// Takes out of the blocks what is not to be sent. Blocks may be empty afterwards.
    pub fn prepare(&mut self, blocks: &mut VecDeque<Block>, counters: &ExportCounters) {
        match self {
            Exporter::Agent(agent) => agent.prepare(blocks, counters),
            Exporter::Otlp(otlp) => otlp.prepare(blocks, counters),
            _ => {}
        }
    }

    /// Takes out of blocks that were prepared for another exporter what this one does not send.
    pub fn take_over(&self, blocks: &mut VecDeque<Block>, counters: &ExportCounters) {
        if let Exporter::Otlp(_) = self {
            OtlpExporter::drop_rejected(blocks, counters);
        }
    }

    /// Sends what is to be sent besides chunks by the end of a flush. `None`: it is done; else when to call again.
    pub fn finish(&mut self, by: Option<Instant>, pipeline: &Arc<Pipeline>) -> Option<Duration> {
        match self {
            Exporter::Agent(agent) => agent.finish(by, pipeline),
            Exporter::Otlp(otlp) => otlp.finish(by, pipeline),
            _ => None,
        }
    }

    /// What is known of the agent, if the chunks go to one.
    pub fn known_agent(&self) -> Option<Arc<KnownAgent>> {
        match self {
            Exporter::Agent(agent) => agent.known_agent().cloned(),
            Exporter::Otlp(otlp) => otlp.known_agent().cloned(),
            _ => None,
        }
    }

    /// Whether events may travel as lists of their own, whatever the settings say.
    pub fn takes_native_events(&self) -> bool {
        matches!(self, Exporter::Agent(agent) if agent.takes_native_events())
    }

    /// Offers a payload.
    pub fn attempt(&mut self, payload: &dyn Payload, by: Option<Instant>, pipeline: &Arc<Pipeline>) -> Attempt {
        match self {
            Exporter::Agent(agent) => agent.attempt(payload, by, pipeline),
            Exporter::Agentless(agentless) => agentless.attempt(payload, by),
            Exporter::Otlp(otlp) => otlp.attempt(payload, by, pipeline),
            Exporter::Data(exporter) => match exporter.export(&payload.data()) {
                Ok(()) => Attempt::Taken { bytes: 0 },
                Err(ExportError::Refused { chunks, spans }) if chunks < payload.chunk_count() => {
                    let refused = ExportError::Refused { chunks, spans };
                    crate::log::log_warn!("finished spans are dropped: {refused}");
                    Attempt::Partly { chunks, spans }
                }
                Err(error) => {
                    crate::log::log_warn!("finished spans are dropped: {error}");
                    Attempt::Dropped
                }
            },
            Exporter::Null => Attempt::Taken { bytes: 0 },
        }
    }

    /// The sampling rates that the last answer brought.
    pub fn take_rates(&mut self) -> Option<Vec<u8>> {
        match self {
            Exporter::Agent(agent) => agent.take_rates(),
            _ => None,
        }
    }

    /// The payload of which it said that it is too large is dropped.
    pub fn drop_too_large(&mut self) {
        if let Exporter::Agent(agent) = self {
            agent.drop_too_large();
        }
    }

    /// The payload that was to be tried again is given up.
    pub fn give_up(&mut self) {
        match self {
            Exporter::Agent(agent) => agent.give_up(),
            Exporter::Agentless(agentless) => agentless.give_up(),
            Exporter::Otlp(otlp) => otlp.give_up(),
            Exporter::Data(_) | Exporter::Null => {}
        }
    }

    /// Ends the exporter.
    pub fn shutdown(&mut self) {
        if let Exporter::Data(exporter) = self {
            exporter.shutdown();
        }
    }
}
