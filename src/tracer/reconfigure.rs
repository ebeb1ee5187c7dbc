//! Other settings for a tracer that runs.
//!
//! Threads notice a new snapshot by its version, at their next call. Blocks and chunks keep the snapshot that they were made with, so that what
//! is on its way is sent as it was meant. Queue, budget, counters and threads stay whatever changes; only the sender may get another exporter.

use super::apm_tracing::layer;
use super::build::{BuildError, Parts, exporter_of};
use super::config_listeners::publish;
use super::core::{Running, Tracer};
use super::process_telemetry::application;
use super::snapshot::make_snapshot;
use super::{process_context, process_discovery};
use crate::active::share_thread_contexts;
use crate::config::{Config, SettingChange, Settings};
use crate::events::{event, hub};
use crate::export::{Flushed, Snapshot};
use crate::log::{self, Level};
use crate::remote_config::apm_tracing::Merged;
use crate::slot::HandleError;
use std::sync::Arc;
use std::time::Duration;

/// Settings that switch a product, the capability that says that somebody here has the product, and its name in telemetry.
const SWITCHED_PRODUCTS: [(&str, u8, &str); 2] =
    [("DD_DYNAMIC_INSTRUMENTATION_ENABLED", 38, "dynamic_instrumentation"), ("DD_LIVE_DEBUGGING_ENABLED", 41, "live_debugger")];

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
        if config.has_runtime_metrics() && !former.has_runtime_metrics() {
            // Without a tracer there is nobody to report them.
            let _ = self.metrics();
        }
        let changes = config.remote_changes(former);
        self.tell_products(&changes, &config.settings.remote_config.capabilities);
        self.announce(&changes);
    }

    /// Products that remote configuration switches on or off, where the binding has said that it can do so.
    fn tell_products(&self, changes: &[SettingChange], capabilities: &[u8]) {
        let Some(telemetry) = self.membership().and_then(|membership| membership.telemetry.clone()) else { return };
        for (setting, capability, product) in SWITCHED_PRODUCTS {
            let change = changes.iter().find(|change| change.name == setting && capabilities.contains(&capability));
            if let Some(change) = change {
                telemetry.switch_product(product, change.text.as_deref() == Some("true"));
            }
        }
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
        let (former, config) = loop {
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
            break (former, config);
        };
        self.tell_of_configuration(&former.config, &config);
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

    /// Tells whoever knows the former settings: telemetry, remote configuration, the agent, profilers, listeners.
    fn tell_of_configuration(&self, former: &Config, config: &Config) {
        let settings = &config.settings;
        process_discovery::publish(settings);
        if settings.lifecycle.shares_context {
            share_thread_contexts();
            process_context::publish(settings);
        }
        if let Some(membership) = self.membership() {
            if let Some(telemetry) = &membership.telemetry {
                telemetry.change_application(&application(&former.settings), application(settings));
                telemetry.change_records(config.records());
            }
            if let Some(remote) = &membership.remote {
                remote.tracer_configured(self, &former.settings, settings);
            }
        }
        if config.has_runtime_metrics() && !former.has_runtime_metrics() {
            let _ = self.metrics();
        }
        if hub().has_listeners(event::CONFIG_CHANGED) {
            config.changes(former).iter().for_each(publish);
        }
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
        if swapped.is_some() {
            if let Some(membership) = self.membership() {
                membership.settings_changed(config);
            }
        }
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
