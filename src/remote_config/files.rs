//! The files that are active, and the transaction that changes them: an answer is taken as a whole or not at all.

use super::apply_state::ApplyState;
use super::path::ConfigPath;
use super::response::{Answer, Listing, Target, decode_base64};
use crate::log::log_warn;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Who is told of the files of a product.
pub type ConsumerId = u64;

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// It is new.
    Add,
    /// It was active and has another content.
    Update,
    /// It is active no more.
    Remove,
}

/// One change, as consumers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What happened.
    pub operation: Operation,
    /// The file's path.
    pub path: Arc<str>,
    /// Its product.
    pub product: Arc<str>,
    /// The id of the configuration.
    pub config_id: Arc<str>,
    /// Its version.
    pub version: u64,
    /// Its content; empty where it was removed.
    pub content: Arc<[u8]>,
    /// SHA-256 of the content in hexadecimal; empty where the backend gave another hash.
    pub sha256: Arc<str>,
}

/// Which consumers a product has now. `None`: it is not subscribed.
pub trait Subscribers {
    /// Those of one product.
    fn of_product(&self, product: &str) -> Option<&[ConsumerId]>;
}

/// A file that is active.
#[derive(Clone, Debug)]
pub struct TrackedFile {
    /// Its product.
    pub product: Arc<str>,
    /// The id of the configuration.
    pub config_id: Arc<str>,
    /// What the targets say of it.
    pub target: Target,
    /// What became of it at each consumer that has seen it.
    states: BTreeMap<ConsumerId, ApplyState>,
    /// A result that came before the consumer's call returned.
    early: Option<ApplyState>,
}

/// All files that are active.
#[derive(Debug, Default)]
pub struct TrackedFiles {
    files: BTreeMap<Arc<str>, TrackedFile>,
    /// The version of the targets that were taken last.
    pub targets_version: u64,
    /// What the backend wants to have sent back.
    pub backend_state: String,
    /// How often the backend wants to be asked, if it said so.
    pub refresh_interval: Option<Duration>,
    /// Why the last answer was not taken.
    pub error: Option<String>,
}

/// What one transaction changed, to be told to consumers: removed files come first.
#[derive(Debug, Default)]
pub struct Changes {
    /// Each change, and who has to hear of it; `None`: everybody who is subscribed to the product.
    pub changes: Vec<(Change, Option<Vec<ConsumerId>>)>,
    /// Whether the answer listed files at all; otherwise nothing has changed.
    pub has_listing: bool,
}

/// A file as it is to be, before anything is changed.
struct Planned {
    path: Arc<str>,
    product: Arc<str>,
    config_id: Arc<str>,
    target: Target,
    content: Option<Arc<[u8]>>,
}

impl TrackedFile {
    /// What became of it, of all consumers together.
    pub fn state(&self) -> ApplyState {
        ApplyState::of_all(self.states.values())
    }

    /// Those of these consumers that have not seen it yet.
    fn unseen_by(&self, consumers: &[ConsumerId]) -> Vec<ConsumerId> {
        consumers.iter().copied().filter(|consumer| !self.states.contains_key(consumer)).collect()
    }
}

impl TrackedFiles {
    /// The files, by their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &TrackedFile)> {
        self.files.iter()
    }

    /// Takes an answer of status 200. On an error nothing changes, but the next request tells of it.
    pub fn take(&mut self, body: &[u8], subscribers: &impl Subscribers) -> Result<Changes, String> {
        let taken = match Answer::parse(body) {
            Ok(Answer::Unchanged) => Ok(Changes::default()),
            Ok(Answer::Files(listing)) => self.plan(&listing, subscribers).map(|plan| {
                self.targets_version = listing.version;
                self.backend_state = listing.backend_state;
                self.refresh_interval = listing.refresh_interval;
                self.adopt(plan, subscribers)
            }),
            Err(error) => Err(error),
        };
        self.error = taken.as_ref().err().cloned();
        taken
    }

    /// The agent knows nothing of remote configuration: no file is active, and all begins anew.
    pub fn reset(&mut self) -> Changes {
        self.targets_version = 0;
        self.backend_state.clear();
        self.refresh_interval = None;
        self.error = None;
        let gone = std::mem::take(&mut self.files);
        Changes { changes: gone.into_iter().map(|(path, file)| (removal(path, file), None)).collect(), has_listing: true }
    }

    /// Lets go, without telling anybody, of files of products that nobody is subscribed to.
    pub fn retain_subscribed(&mut self, subscribers: &impl Subscribers) {
        self.files.retain(|_, file| subscribers.of_product(&file.product).is_some());
    }

    /// A consumer has left: its results do not count any more.
    pub fn forget_consumer(&mut self, consumer: ConsumerId) {
        for file in self.files.values_mut() {
            file.states.remove(&consumer);
        }
    }

    /// Whether the file's content has to come again, for consumers that have not seen it.
    pub fn lacks_content(&self, file: &TrackedFile, subscribers: &impl Subscribers) -> bool {
        subscribers.of_product(&file.product).is_some_and(|consumers| !file.unseen_by(consumers).is_empty())
    }

    /// A consumer's call has returned with this result.
    pub fn note_result(&mut self, path: &str, consumer: ConsumerId, state: ApplyState) {
        let Some(file) = self.files.get_mut(path) else { return };
        if let Some(known) = file.states.get_mut(&consumer) {
            let early = if state == ApplyState::Unacknowledged { file.early.take() } else { None };
            *known = early.unwrap_or(state);
        }
    }

    /// A result that comes later. `false`: there is no such file.
    pub fn acknowledge(&mut self, path: &str, state: ApplyState) -> bool {
        let Some(file) = self.files.get_mut(path) else { return false };
        let pending = |state: &&mut ApplyState| **state == ApplyState::Unacknowledged;
        let mut was_pending = false;
        for waiting in file.states.values_mut().filter(pending) {
            *waiting = state.clone();
            was_pending = true;
        }
        if !was_pending {
            let unknown = file.states.values().any(|state| *state == ApplyState::Unknown);
            if unknown {
                file.early = Some(state);
            } else {
                file.states.values_mut().for_each(|known| known.clone_from(&state));
            }
        }
        true
    }

    /// What became of a file; `None`: it is not active.
    pub fn state_of(&self, path: &str) -> Option<ApplyState> {
        self.files.get(path).map(TrackedFile::state)
    }

    /// Checks the whole listing.
    fn plan(&self, listing: &Listing<'_>, subscribers: &impl Subscribers) -> Result<Vec<Planned>, String> {
        let mut seen = BTreeSet::new();
        let mut plan = Vec::new();
        for path in &listing.active {
            let path: &str = path;
            if !seen.insert(path) {
                continue;
            }
            let parts = ConfigPath::parse(path)?;
            let Some(consumers) = subscribers.of_product(parts.product) else {
                log_warn!("remote configuration: {path} is ignored: nobody is subscribed to its product");
                continue;
            };
            let named = |error: String| format!("{path}: {error}");
            let target = listing.targets.get(path).ok_or_else(|| named("it is not among the targets".to_owned()))?;
            let target = Target::parse(target).map_err(named)?;
            let known = self.files.get_key_value(path).filter(|(_, known)| known.target.has_same_hash(&target));
            let encoded = listing.contents.get(path);
            let content = match (known, encoded) {
                (Some((_, known)), _) if known.unseen_by(consumers).is_empty() => None,
                (Some(_), None) => None,
                (_, Some(encoded)) => Some(content(encoded, &target).map_err(named)?),
                (None, None) => return Err(named("its content is missing".to_owned())),
            };
            plan.push(match known {
                Some((path, known)) => Planned {
                    path: Arc::clone(path),
                    product: Arc::clone(&known.product),
                    config_id: Arc::clone(&known.config_id),
                    target,
                    content,
                },
                None => Planned {
                    path: path.into(),
                    product: parts.product.into(),
                    config_id: parts.config_id.into(),
                    target,
                    content,
                },
            });
        }
        Ok(plan)
    }

    /// Makes the plan the truth. Cannot fail.
    fn adopt(&mut self, plan: Vec<Planned>, subscribers: &impl Subscribers) -> Changes {
        let mut former = std::mem::take(&mut self.files);
        let mut added = Vec::new();
        for Planned { path, product, config_id, target, content } in plan {
            let known = former.remove(&path);
            let consumers = subscribers.of_product(&product).unwrap_or_default();
            let (states, hears) = match &known {
                Some(known) if known.target.has_same_hash(&target) => {
                    let unseen = if content.is_some() { known.unseen_by(consumers) } else { Vec::new() };
                    (known.states.clone(), Some(unseen))
                }
                _ => (BTreeMap::new(), None),
            };
            let mut file =
                TrackedFile { product, config_id, target, states, early: known.as_ref().and_then(|known| known.early.clone()) };
            if let Some(content) = content {
                let is_update = known.is_some() && hears.is_none();
                if hears.is_none() {
                    file.early = None;
                }
                let told: &[ConsumerId] = hears.as_deref().unwrap_or(consumers);
                file.states.extend(told.iter().map(|consumer| (*consumer, ApplyState::Unknown)));
                let change = Change {
                    operation: if is_update { Operation::Update } else { Operation::Add },
                    path: Arc::clone(&path),
                    product: Arc::clone(&file.product),
                    config_id: Arc::clone(&file.config_id),
                    version: file.target.version,
                    content,
                    sha256: file.target.sha256.as_deref().unwrap_or_default().into(),
                };
                added.push((change, hears));
            }
            self.files.insert(path, file);
        }
        let mut changes: Vec<_> = former.into_iter().map(|(path, file)| (removal(path, file), None)).collect();
        changes.append(&mut added);
        Changes { changes, has_listing: true }
    }
}

fn removal(path: Arc<str>, file: TrackedFile) -> Change {
    Change {
        operation: Operation::Remove,
        path,
        product: file.product,
        config_id: file.config_id,
        version: file.target.version,
        content: Arc::from([]),
        sha256: "".into(),
    }
}

fn content(encoded: &str, target: &Target) -> Result<Arc<[u8]>, String> {
    let content = decode_base64(encoded).ok_or("its content is no base64")?;
    target.check(&content)?;
    Ok(content.into())
}
