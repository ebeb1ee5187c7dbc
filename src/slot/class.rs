//! Slabs: where slots of one kind come from.

use super::identity::{Kind, SLOT_ALIGN, SlotHeader};
use super::pool::Pool;
use std::alloc::{Layout, alloc_zeroed};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};

const SLAB_BYTES: usize = 32 * 1024;

/// The classes that have slots, linked by `next_class`.
static CLASSES: AtomicPtr<SlotClass> = AtomicPtr::new(std::ptr::null_mut());

/// A type that lives in slots.
///
/// # Safety
/// The type is `repr(C)`, begins with a [`SlotHeader`], fits its class, and is valid when all its bytes behind the header are zero.
pub unsafe trait Slot: Sized + 'static {
    /// Where its slots come from.
    const CLASS: &'static SlotClass;

    /// The slot's header.
    fn header(&self) -> &SlotHeader;
}

/// All slots of one kind.
pub struct SlotClass {
    pub(super) kind: Kind,
    slot_size: usize,
    slabs: AtomicPtr<Slab>,
    slots: AtomicUsize,
    pub(super) pool: Pool,
    is_listed: AtomicBool,
    next_class: AtomicPtr<SlotClass>,
}

struct Slab {
    next: AtomicPtr<Slab>,
    slots: *mut SlotHeader,
    count: usize,
}

impl SlotClass {
    /// A class of slots of `slot_size` bytes, a multiple of [`SLOT_ALIGN`].
    pub const fn new(kind: Kind, slot_size: usize) -> Self {
        assert!(slot_size % SLOT_ALIGN == 0 && slot_size <= SLAB_BYTES);
        SlotClass {
            kind,
            slot_size,
            slabs: AtomicPtr::new(std::ptr::null_mut()),
            slots: AtomicUsize::new(0),
            pool: Pool::new(),
            is_listed: AtomicBool::new(false),
            next_class: AtomicPtr::new(std::ptr::null_mut()),
        }
    }

    /// Calls `use_it` with every class that has slots.
    pub fn each(mut use_it: impl FnMut(&'static SlotClass)) {
        let mut class = CLASSES.load(Ordering::Acquire);
        // SAFETY: only statics are listed.
        while let Some(this) = unsafe { class.as_ref() } {
            use_it(this);
            class = this.next_class.load(Ordering::Acquire);
        }
    }

    /// What lives in the class's slots.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// How many slots exist, in use or free.
    pub fn slot_count(&self) -> usize {
        self.slots.load(Ordering::Relaxed)
    }

    /// How many slots have a live handle.
    pub fn live_handles(&self) -> usize {
        let mut live = 0;
        self.each_slot(|header| live += usize::from(header.has_live_handle()));
        live
    }

    /// Calls `use_it` with every slot there is.
    pub fn each_slot(&self, mut use_it: impl FnMut(&'static SlotHeader)) {
        let mut slab = self.slabs.load(Ordering::Acquire);
        while !slab.is_null() {
            // SAFETY: slabs are pushed whole and never freed.
            let this = unsafe { &*slab };
            for index in 0..this.count {
                // SAFETY: the slab has `count` slots, each begins with an initialised header and is never unmapped.
                use_it(unsafe { &*self.slot_at(this, index) });
            }
            slab = this.next.load(Ordering::Acquire);
        }
    }

    /// Makes a slab and returns its slots as a list linked by `next`, with their number. `None` when memory is out.
    #[cold]
    pub(super) fn grow(&'static self) -> Option<(*mut SlotHeader, usize)> {
        let count = SLAB_BYTES / self.slot_size;
        let layout = Layout::from_size_align(SLAB_BYTES, self.slot_size.next_power_of_two().max(SLOT_ALIGN)).ok()?;
        // SAFETY: the layout has a size.
        let slots = unsafe { alloc_zeroed(layout) }.cast::<SlotHeader>();
        if slots.is_null() {
            return None;
        }
        let slab = Box::into_raw(Box::new(Slab { next: AtomicPtr::new(std::ptr::null_mut()), slots, count }));
        let mut head: *mut SlotHeader = std::ptr::null_mut();
        for index in (0..count).rev() {
            // SAFETY: the slab is still ours alone, and `index` is within it.
            unsafe {
                let slot = self.slot_at(&*slab, index);
                slot.write(SlotHeader::new(self.kind));
                (*slot).next.store(head, Ordering::Relaxed);
                head = slot;
            }
        }
        self.publish(slab);
        self.list();
        self.slots.fetch_add(count, Ordering::Relaxed);
        Some((head, count))
    }

    fn publish(&self, slab: *mut Slab) {
        let mut head = self.slabs.load(Ordering::Relaxed);
        loop {
            // SAFETY: the slab is ours until the exchange succeeds, and never freed after.
            unsafe { (*slab).next.store(head, Ordering::Relaxed) };
            match self.slabs.compare_exchange_weak(head, slab, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }

    fn list(&'static self) {
        if self.is_listed.swap(true, Ordering::AcqRel) {
            return;
        }
        let this = std::ptr::from_ref(self).cast_mut();
        let mut head = CLASSES.load(Ordering::Relaxed);
        loop {
            self.next_class.store(head, Ordering::Relaxed);
            match CLASSES.compare_exchange_weak(head, this, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }

    /// # Safety
    /// `index` is below the slab's count.
    unsafe fn slot_at(&self, slab: &Slab, index: usize) -> *mut SlotHeader {
        // SAFETY: within the slab by the contract.
        unsafe { slab.slots.byte_add(index * self.slot_size) }
    }
}
