//! What a span's lock word guards: its record while it is live.

use super::settle::SERVICE_SOURCE_BIT;
use super::slot::{SLOT_BYTES, SpanSlot};
use crate::export::Snapshot;
use crate::record::{Extra, Field, Full, Head, Runs, RunsRef, clean, flag, service_hash};

/// No span's buffer grows beyond this.
pub const MAX_SPAN_BYTES: usize = 4 * 1024 * 1024;
/// No span has more tags.
pub const MAX_TAGS: u32 = 10_000;
const FIXED: usize = size_of::<Head>() + size_of::<Vec<u8>>() + 2 * size_of::<u64>() + 8;
const BUFFER: usize = SLOT_BYTES - SpanSlot::BODY_OFFSET - FIXED;

/// The record of a live span, and what else it must remember.
#[repr(C)]
pub struct SpanBody {
    /// The fixed part of the record.
    pub head: Head,
    /// Monotonic time of the start.
    pub started_at: i64,
    /// The parent's service, as a hash (0: the configured one).
    pub parent_service_hash: u64,
    /// A larger buffer, once the small one was full.
    spill: Vec<u8>,
    /// Whether the span is finished: it can be read, and no longer changed.
    pub is_finished: bool,
    /// Whether its end is settled and only those who are told of it may still change it: processors, then filters of its chunk.
    pub is_settled: bool,
    buffer: [u8; BUFFER],
}

/// There is no room: the span has its largest size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanFull;

impl SpanBody {
    /// Makes the body of a slot that its last owner left, or that is all zero, an empty one.
    ///
    /// # Safety
    /// The caller has the slot alone.
    #[inline]
    pub(super) unsafe fn reset<'a>(body: *mut SpanBody) -> &'a mut SpanBody {
        // SAFETY: by the contract; a spilled buffer was taken away when the slot was given back, so nothing is leaked by `write`.
        unsafe {
            (&raw mut (*body).head).write(Head::EMPTY);
            (&raw mut (*body).spill).write(Vec::new());
            (*body).parent_service_hash = 0;
            (*body).is_finished = false;
            (*body).is_settled = false;
            &mut *body
        }
    }

    /// Frees what the body has on the heap, before its slot is given back.
    #[inline]
    pub(super) fn clear(&mut self) {
        if self.spill.capacity() > 0 {
            self.spill = Vec::new();
        }
        if !self.head.extra.is_null() {
            drop(self.take_extra());
        }
    }

    /// The runs, to change.
    #[inline]
    pub fn runs_mut(&mut self) -> Runs<'_> {
        let buffer = if self.spill.is_empty() { &mut self.buffer[..] } else { &mut self.spill[..] };
        Runs { head: &mut self.head, buffer }
    }

    /// The runs, to read.
    #[inline]
    pub fn runs(&self) -> RunsRef<'_> {
        let buffer = if self.spill.is_empty() { &self.buffer[..] } else { &self.spill[..] };
        RunsRef::of_live(&self.head, buffer)
    }

    /// Changes the runs, in a larger buffer if need be.
    #[inline]
    pub fn change(&mut self, mut change: impl FnMut(&mut Runs<'_>) -> Result<(), Full>) -> Result<(), SpanFull> {
        match change(&mut self.runs_mut()) {
            Ok(()) => Ok(()),
            Err(full) => {
                self.grow(full)?;
                change(&mut self.runs_mut()).map_err(|_| SpanFull)
            }
        }
    }

    #[cold]
    fn grow(&mut self, full: Full) -> Result<(), SpanFull> {
        if full.needed > MAX_SPAN_BYTES {
            return Err(SpanFull);
        }
        let mut larger = vec![0; full.needed.next_power_of_two().max(2 * BUFFER)];
        self.runs_mut().move_to(&mut larger);
        self.spill = larger;
        Ok(())
    }

    /// Sets a field; the text is cleaned.
    #[inline]
    pub fn set_field(&mut self, field: Field, text: &[u8]) -> Result<(), SpanFull> {
        let text = clean(text);
        self.change(|runs| runs.set_field(field, &text))
    }

    /// Sets the fields of a new span. Empty ones are left out; without a service the inherited one, which is there already, stays.
    #[inline]
    pub fn set_first_fields(
        &mut self,
        snapshot: &Snapshot,
        name: &[u8],
        service: &[u8],
        resource: &[u8],
        span_type: &[u8],
    ) -> Result<(), SpanFull> {
        // The quick way appends: a remote parent may have left tags already, and an inherited service must not be given again.
        let is_given_twice = self.head.fields_len > 0 && !service.is_empty();
        if is_given_twice || self.head.text_len > 0 || !snapshot.service_mapping.is_empty() {
            return self.set_fields_slowly(snapshot, name, service, resource, span_type);
        }
        for (field, text) in
            [(Field::Service, service), (Field::Name, name), (Field::Resource, resource), (Field::Type, span_type)]
        {
            if text.is_empty() {
                continue;
            }
            if !self.runs_mut().append_field(field, text) {
                self.set_field(field, text)?;
            }
        }
        if !service.is_empty() {
            self.note_service(Some(snapshot), service);
        }
        Ok(())
    }

    #[inline(never)]
    fn set_fields_slowly(
        &mut self,
        snapshot: &Snapshot,
        name: &[u8],
        service: &[u8],
        resource: &[u8],
        span_type: &[u8],
    ) -> Result<(), SpanFull> {
        if !service.is_empty() {
            self.set_service(Some(snapshot), service)?;
        }
        for (field, text) in [(Field::Name, name), (Field::Resource, resource), (Field::Type, span_type)] {
            if !text.is_empty() {
                self.set_field(field, text)?;
            }
        }
        Ok(())
    }

    #[inline]
    fn note_service(&mut self, snapshot: Option<&Snapshot>, service: &[u8]) {
        let configured = snapshot.map(|snapshot| snapshot.library.service.as_bytes());
        let is_configured = service.is_empty() || configured == Some(service);
        self.head.service_hash = if is_configured { 0 } else { service_hash(service) };
        self.head.set_flag(flag::SERVICE_GIVEN, !service.is_empty());
    }

    /// What follows from the service: whether the span is top-level, and whether it has the configured version.
    #[inline]
    pub(super) fn follow_service(&mut self) {
        let is_local_root = self.head.has(flag::LOCAL_ROOT);
        let is_configured = self.head.service_hash == 0;
        self.head.set_flag(flag::TOP_LEVEL, is_local_root || self.head.service_hash != self.parent_service_hash);
        if is_local_root {
            self.head.set_flag(flag::ROOT_VERSION, is_configured);
        }
        self.head.set_flag(flag::VERSION, is_configured && self.head.has(flag::ROOT_VERSION));
    }

    /// Sets the service that the user gave, after renaming. Without settings (the tracer has ended) nothing is renamed.
    pub fn set_service(&mut self, snapshot: Option<&Snapshot>, service: &[u8]) -> Result<(), SpanFull> {
        let service = snapshot.map_or(service, |snapshot| snapshot.mapped_service(service));
        self.set_field(Field::Service, service)?;
        self.note_service(snapshot, service);
        // Filters see a span as it ended: what they change is not what it was.
        if !self.is_settled {
            self.follow_service();
        }
        if self.head.has(flag::SERVICE_OF_INTEGRATION) || self.head.key_filter & SERVICE_SOURCE_BIT != 0 {
            self.forget_service_source();
        }
        Ok(())
    }

    /// Gives a new span the service of its parent.
    #[inline]
    pub fn inherit_service(&mut self, parent: &SpanBody) {
        let service = parent.runs().encoded_field(&parent.head, Field::Service);
        if self.runs_mut().copy_first_field(Field::Service, service)
            || self.set_field(Field::Service, parent.field(Field::Service)).is_ok()
        {
            self.head.service_hash = parent.head.service_hash;
            self.head.flags |= flag::SERVICE_GIVEN;
            if parent.head.has(flag::SERVICE_OF_INTEGRATION) || parent.head.key_filter & SERVICE_SOURCE_BIT != 0 {
                // A source for which there is no room is not said.
                let _ = self.inherit_service_source(parent);
            }
        }
    }

    /// A field's text.
    pub fn field(&self, field: Field) -> &[u8] {
        self.runs().field(&self.head, field)
    }

    /// Links, events and structured tags, to read.
    pub fn extra(&self) -> Option<&Extra> {
        // SAFETY: a live span owns its extra.
        unsafe { self.head.extra.as_ref() }
    }

    /// Links, events and structured tags, to change.
    pub fn extra_mut(&mut self) -> &mut Extra {
        if self.head.extra.is_null() {
            self.head.extra = Box::into_raw(Box::default());
        }
        // SAFETY: a live span owns its extra, which exists now.
        unsafe { &mut *self.head.extra }
    }

    /// Becomes a copy of a finished span. `false`: it is larger than a span may be.
    pub(super) fn load(&mut self, head: &Head, runs: RunsRef<'_>, extra: Option<&Extra>) -> bool {
        let len = head.runs_len();
        if len > MAX_SPAN_BYTES {
            return false;
        }
        if len > self.buffer.len() {
            self.spill = vec![0; len.next_power_of_two()];
        }
        self.head = *head;
        self.head.extra = extra.map_or(std::ptr::null_mut(), |extra| Box::into_raw(Box::new(extra.clone())));
        let buffer = if self.spill.is_empty() { &mut self.buffer[..] } else { &mut self.spill[..] };
        let (front, back) = buffer.split_at_mut(buffer.len() - runs.numbers.len());
        let (fields, rest) = front.split_at_mut(runs.fields.len());
        fields.copy_from_slice(runs.fields);
        rest[..runs.texts.len()].copy_from_slice(runs.texts);
        back.copy_from_slice(runs.numbers);
        true
    }

    /// Takes the extra away.
    pub(super) fn take_extra(&mut self) -> Option<Box<Extra>> {
        let extra = std::mem::replace(&mut self.head.extra, std::ptr::null_mut());
        if extra.is_null() {
            return None;
        }
        // SAFETY: it was made by `Box::into_raw`, and the pointer is gone from the head.
        Some(unsafe { Box::from_raw(extra) })
    }
}
