//! Functions of the host that are told when a tracer's settings change while it runs.

use super::core::Tracer;
use crate::config::SettingChange;
use crate::events::{Dispatch, Value, event, hub};
use crate::slot::HandleError;
use crate::telemetry::{ConfigurationChange, EntryValue};
use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// No more listen to one tracer.
pub const MOST_LISTENERS: usize = 64;

/// A function that is told. Called without a lock.
pub type ConfigListener = dyn Fn(&SettingChange) + Send + Sync;

/// Those of one tracer, in their order, each with its number.
pub(super) type Listeners = Vec<(u64, Arc<ConfigListener>)>;

impl Tracer {
    /// Adds a function that is told of settings that change. `None`: there are [`MOST_LISTENERS`].
    pub fn add_config_listener(&self, listener: Arc<ConfigListener>) -> Result<Option<u64>, HandleError> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let mut listener = Some(listener);
        let added = self.with_body(|body| {
            let running = body.running.as_deref_mut().ok_or(HandleError::Stale)?;
            if running.listeners.len() >= MOST_LISTENERS {
                return Ok(None);
            }
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            running.listeners.extend(listener.take().map(|listener| (number, listener)));
            Ok(Some(number))
        })?;
        // What was not added is the host's, and goes without the lock.
        drop(listener);
        added
    }

    /// Removes a function; a call that is under way goes on. `false`: there is none of this number.
    pub fn remove_config_listener(&self, number: u64) -> Result<bool, HandleError> {
        let removed = self.with_body(|body| {
            let listeners = &mut body.running.as_deref_mut()?.listeners;
            let place = listeners.iter().position(|(known, _)| *known == number)?;
            Some(listeners.remove(place))
        })?;
        Ok(removed.is_some())
    }

    /// Tells telemetry and all listeners. No lock is held.
    pub(super) fn announce(&self, changes: &[SettingChange]) {
        if changes.is_empty() {
            return;
        }
        let telemetry = self.membership().and_then(|membership| membership.telemetry.clone());
        for change in changes {
            publish(change);
            if let Some(telemetry) = &telemetry {
                telemetry.change_configuration(ConfigurationChange {
                    name: Cow::Borrowed(change.name),
                    value: EntryValue::from(&change.value),
                    origin: change.origin.name(),
                    config_id: change.config_id.as_deref().map(str::to_owned),
                });
            }
        }
        let listeners = self.with_body(|body| body.running.as_deref().map(|running| running.listeners.clone()));
        for (_, listener) in listeners.ok().flatten().unwrap_or_default() {
            for change in changes {
                let told = catch_unwind(AssertUnwindSafe(|| listener(change)));
                told.unwrap_or_else(std::mem::forget);
            }
        }
    }
}

/// Tells who listens to events.
pub(super) fn publish(change: &SettingChange) {
    let value = |text: &Option<String>| text.as_ref().map_or(Value::Null, |text| Value::Text(Cow::Owned(text.clone())));
    if hub().has_listeners(event::CONFIG_CHANGED) {
        let arguments = [change.name.into(), value(&change.former), value(&change.text), change.origin.name().into()];
        // Listeners' errors are theirs here.
        let _ = hub().dispatch(event::CONFIG_CHANGED, &arguments, Dispatch::Contained);
    }
}
