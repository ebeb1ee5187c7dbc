//! The flare: on request of Datadog's support the library collects its own messages for a while, and sends them with its configuration to the
//! agent, which hands them on. Files of AGENT_CONFIG switch the collecting on and off, one of AGENT_TASK asks for the flare.

mod archive;
mod level_file;
mod task;
mod upload;
mod wishes;

pub use archive::zip;
pub use level_file::{AGENT_CONFIG, CollectLevel, LevelFiles};
pub use task::{AGENT_TASK, FlareTask, Tasks};
pub use upload::{FlareFacts, Uploader};
pub use wishes::{Flare, FlareError, MOST_EXTRA_BYTES, MOST_EXTRA_FILES};
