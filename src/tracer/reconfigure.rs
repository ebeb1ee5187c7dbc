//! Other settings for a tracer that runs.
//!
//! Threads notice a new snapshot by its version, at their next call. Blocks and chunks keep the snapshot that they were made with, so that what
//! is on its way is sent as it was meant. Queue, budget, counters and threads stay whatever changes; only the sender may get another exporter.

use super::apm_tracing::layer;
use super::build::{BuildError, Parts, exporter_of};
use super::core::{Running, Tracer};
use super::snapshot::make_snapshot;
use crate::config::{Config, Settings};
use crate::export::{Flushed, Snapshot};
use crate::log::{self, Level};
use crate::remote_config::apm_tracing::Merged;
use crate::slot::HandleError;
use std::sync::Arc;
use std::time::Duration;

/// What becomes of traces that are open when a tracer gets other settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenTraces {
    /// They are sent when they are complete.
    Keep,
    /// Their spans go on to propagate and are never sent.
    GiveUp,
}

impl Tracer {
    /// Puts settings in force that need no other exporter: those that are marked as hot in the table. `change` gets the settings in force and
    /// changes them; it is called again if somebody else was faster.
    pub fn change_settings(&self, change: impl Fn(&mut Settings)) -> Result<(), HandleError> {
        loop {
            let former = self.snapshot()?;
            let mut config = Config::clone(&former.config);
            change(&mut config.settings);
            let starts_metrics = config.settings.own_metrics.runtime && !former.config.settings.own_metrics.runtime;
            if self.swap_snapshot(&former, &Arc::new(config), |_| ())?.is_some() {
                if starts_metrics {
                    self.metrics()?;
                }
                return Ok(());
            }
        }
    }

    /// Turns tracing off for good: spans that start from now on only propagate.
    pub fn turn_off(&self) -> Result<(), HandleError> {
        self.change_settings(|settings| settings.enabled = false)
    }

    /// Puts in force what remote configuration asks for now, instead of what it asked for before, and tells who wants to know.
    pub(super) fn set_remote(&self, merged: &Merged) {
        loop {
            let Ok(former) = self.snapshot() else { return };
            let (sampling, remote) = layer(merged, &former.config);
            if sampling == former.config.settings.sampling.remote && remote == *former.config.remote() {
                return;
            }
            let config = Arc::new(former.config.with_remote(sampling, remote));
            match self.swap_snapshot(&former, &config, |_| ()) {
                Ok(None) => {}
                Ok(Some(())) => return self.announce_remote(&former.config, &config),
                Err(_) => return,
            }
        }
    }

    fn announce_remote(&self, former: &Config, config: &Config) {
        if former.remote().debug != config.remote().debug {
            log::set_max_level(if config.remote().debug == Some(true) {
                Some(Level::Debug)
            } else {
                config.settings.logging.level
            });
        }
        self.announce(&config.remote_changes(former));
    }

    /// Works with other settings from now on. What is finished goes to the former exporter, which has `timeout` for it; what is left then goes
    /// to the new one. On an error nothing has changed.
    pub fn configure(&self, parts: Parts, open: OpenTraces, timeout: Duration) -> Result<Flushed, ConfigureError> {
        let settings = &parts.config.settings;
        let (pipeline, _) = self.current()?;
        if pipeline.is_host_driven != settings.lifecycle.host_driven {
            return Err(ConfigureError::Build(BuildError::Fixed("LIBDDTRACE_HOST_DRIVEN")));
        }
        if !pipeline.accepts() {
            return Err(ConfigureError::ShutDown);
        }
        let (exporter, transport) = exporter_of(&parts).map_err(ConfigureError::Build)?;
        loop {
            let former = self.snapshot()?;
            let adopt = |running: &mut Running| {
                let hooks = running.hooks.as_deref().cloned().unwrap_or_default();
                let former_hooks = running.set_hooks(hooks.reconfigured(&running.parts.hooks, &parts.hooks));
                (std::mem::replace(&mut running.parts, parts.clone()), former_hooks)
            };
            // Dropped without a lock: it may be the host's.
            let config = with_remote(&parts.config, &former.config);
            let Some(former_parts) = self.swap_snapshot(&former, &config, adopt)? else { continue };
            drop(former_parts);
            break;
        }
        if let Some(telemetry) = self.membership().and_then(|membership| membership.telemetry.clone()) {
            telemetry.change_records(parts.config.records());
        }
        if open == OpenTraces::GiveUp {
            self.give_up_open_segments();
        }
        if let Some(shared) = &parts.exporter {
            shared.attach(&pipeline);
        }
        pipeline.pool.budget.set_limit(settings.writer.buffer_size);
        pipeline.replace_exporter(exporter, settings.writer.interval, transport);
        if !pipeline.is_host_driven && !pipeline.runtime.is_started() {
            return Ok(Flushed::All);
        }
        Ok(pipeline.flush(timeout))
    }

    /// Puts a snapshot of these settings in the place of `former`. `None`: that one is not in force any more.
    fn swap_snapshot<R>(
        &self,
        former: &Arc<Snapshot>,
        config: &Arc<Config>,
        adopt: impl FnOnce(&mut Running) -> R,
    ) -> Result<Option<R>, HandleError> {
        let version = former.version.wrapping_add(1);
        let next = Arc::new(make_snapshot(config, version, Some(former)));
        let swapped = self.with_body(|body| {
            let running = body.running.as_deref_mut().ok_or(HandleError::Stale)?;
            if !Arc::ptr_eq(&running.snapshot, former) {
                return Ok(None);
            }
            let adopted = adopt(running);
            running.parts.config = Arc::clone(config);
            let replaced = std::mem::replace(&mut running.snapshot, next);
            self.set_version(self.version().wrapping_add(1));
            Ok(Some((adopted, replaced)))
        })??;
        // The former snapshot goes when nothing on its way needs it any more, which is without the lock at least.
        Ok(swapped.map(|(adopted, _replaced)| adopted))
    }
}

/// What remote configuration asks for outlasts other settings.
fn with_remote(config: &Arc<Config>, former: &Config) -> Arc<Config> {
    let (sampling, remote) = (&former.settings.sampling.remote, former.remote());
    if *sampling == config.settings.sampling.remote && *remote == *config.remote() {
        return Arc::clone(config);
    }
    Arc::new(config.with_remote(sampling.clone(), remote.clone()))
}

/// Why a tracer did not get other settings.
#[derive(Debug)]
pub enum ConfigureError {
    /// The handle is of no tracer.
    Handle(HandleError),
    /// The settings cannot be used.
    Build(BuildError),
    /// The tracer was shut down.
    ShutDown,
}

impl From<HandleError> for ConfigureError {
    fn from(error: HandleError) -> Self {
        ConfigureError::Handle(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ConfigBuilder;
    use crate::tracer::{TracerHandle, new_tracer, release, resolve_tracer};

    fn tracer(settings: &[(&str, &str)]) -> (TracerHandle, &'static Tracer) {
        let mut builder = ConfigBuilder::new();
        builder.set_env_lookup(Arc::new(|_| None));
        for (name, value) in [("LIBDDTRACE_EXPORTER", "null")].iter().chain(settings) {
            builder.set(name, value).unwrap();
        }
        let handle = new_tracer(Parts::from_config(builder.resolve()).unwrap()).unwrap();
        // SAFETY: a handle of this library.
        (handle, unsafe { resolve_tracer(handle) }.unwrap())
    }

    fn end(handle: TracerHandle) {
        // SAFETY: a handle of this library.
        unsafe { release(handle) }.unwrap();
    }

    #[test]
    fn changed_settings_are_in_force_and_samplers_stay() {
        let (handle, tracer) = tracer(&[]);
        let before = tracer.snapshot().unwrap();
        tracer.change_settings(|settings| settings.identity.env = Some("staging".to_owned())).unwrap();
        let after = tracer.snapshot().unwrap();
        assert_eq!(after.config.settings.identity.env.as_deref(), Some("staging"));
        assert_eq!(after.version, before.version + 1);
        assert_eq!(tracer.version(), after.version);
        assert!(Arc::ptr_eq(&after.sampler, &before.sampler), "its rates are kept");
        tracer.change_settings(|settings| settings.sampling.sample_rate = Some(0.5)).unwrap();
        assert!(!Arc::ptr_eq(&tracer.snapshot().unwrap().sampler, &before.sampler));
        end(handle);
    }

    #[test]
    fn tracing_is_turned_off_for_good() {
        let (handle, tracer) = tracer(&[]);
        assert!(tracer.snapshot().unwrap().is_enabled);
        tracer.turn_off().unwrap();
        assert!(!tracer.snapshot().unwrap().is_enabled);
        tracer.change_settings(|settings| settings.identity.env = None).unwrap();
        assert!(!tracer.snapshot().unwrap().is_enabled);
        end(handle);
    }

    #[test]
    fn no_change_of_several_threads_is_lost() {
        let (handle, tracer) = tracer(&[]);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let add = move |number: usize| {
                    let tag = (format!("t{thread}"), number.to_string());
                    tracer.change_settings(|settings| settings.identity.global_tags.push(tag.clone())).unwrap();
                };
                scope.spawn(move || (0..25).for_each(add));
            }
        });
        assert_eq!(tracer.snapshot().unwrap().config.settings.identity.global_tags.len(), 100);
        end(handle);
    }
}
