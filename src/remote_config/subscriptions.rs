//! Who is told of which files, and what they can do with them.

use super::apply_state::ApplyState;
use super::capabilities::Capabilities;
use super::files::{Change, ConsumerId, Subscribers};
use crate::log::log_debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// No more can be subscribed at a time.
pub const MOST_SUBSCRIPTIONS: usize = 256;
/// The longest name of a product.
pub const LONGEST_PRODUCT: usize = 256;

/// Reads the files of a product. Called by one thread at a time, without any lock of the library.
pub trait Consumer: Send + Sync {
    /// The product's files have changed. The results, one for each change, are preset to "acknowledged".
    fn deliver(&self, changes: &[Change], results: &mut [ApplyState]);

    /// All changes of a response are delivered.
    fn batch_ended(&self) {}

    /// A tick has begun, be the agent there or not.
    fn tick(&self) {}

    /// Whether a forked child goes on with it. The library's own are made anew.
    fn outlasts_fork(&self) -> bool {
        false
    }
}

/// Why somebody could not subscribe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubscribeError {
    /// The product's name is empty, too long, or has a slash.
    Product,
    /// There are [`MOST_SUBSCRIPTIONS`].
    Limit,
    /// Remote configuration has ended.
    Closed,
}

/// One consumer of one product.
#[derive(Clone)]
pub struct Subscription {
    /// Its number, never used again.
    pub id: ConsumerId,
    /// The product.
    pub product: Arc<str>,
    capabilities: Capabilities,
    /// Who is told.
    pub consumer: Arc<dyn Consumer>,
}

/// All subscriptions, in their order.
#[derive(Clone, Default)]
pub struct Subscriptions {
    all: Vec<Subscription>,
    /// Products in the order in which they were subscribed first, with their consumers.
    products: Vec<(String, Vec<ConsumerId>)>,
    /// What is told besides what came with the subscriptions, and what is not told although it did.
    added: Capabilities,
    withheld: Capabilities,
}

impl Subscriptions {
    /// Adds a consumer.
    pub fn add(
        &mut self,
        product: &str,
        capabilities: Capabilities,
        consumer: Arc<dyn Consumer>,
    ) -> Result<ConsumerId, SubscribeError> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        if product.is_empty() || product.len() > LONGEST_PRODUCT || product.contains('/') {
            return Err(SubscribeError::Product);
        }
        if self.all.len() >= MOST_SUBSCRIPTIONS {
            return Err(SubscribeError::Limit);
        }
        let others = self.all.iter().filter(|other| &*other.product != product);
        let taken = others.fold(Capabilities::default(), |set, other| set.union(other.capabilities));
        for bit in capabilities.common(taken).bits() {
            log_debug!("remote configuration: the capability {bit} of {product} is left out: another product has it");
        }
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        self.all.push(Subscription { id, product: product.into(), capabilities: capabilities.without(taken), consumer });
        self.index();
        Ok(id)
    }

    /// Removes a consumer.
    pub fn remove(&mut self, id: ConsumerId) -> Option<Subscription> {
        let place = self.all.iter().position(|subscription| subscription.id == id)?;
        let removed = self.all.remove(place);
        self.index();
        Some(removed)
    }

    /// Tells of these capabilities from now on, whatever the subscriptions say, or does not.
    pub fn set_capabilities(&mut self, capabilities: Capabilities, enabled: bool) {
        let (on, off) = match enabled {
            true => (&mut self.added, &mut self.withheld),
            false => (&mut self.withheld, &mut self.added),
        };
        *on = on.union(capabilities);
        *off = off.without(capabilities);
    }

    /// What this client can do.
    pub fn capabilities(&self) -> Capabilities {
        let given = self.all.iter().fold(Capabilities::default(), |set, subscription| set.union(subscription.capabilities));
        given.union(self.added).without(self.withheld)
    }

    /// The products, in the order in which they were subscribed.
    pub fn products(&self) -> Vec<String> {
        self.products.iter().map(|(product, _)| product.clone()).collect()
    }

    /// All consumers, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Subscription> {
        self.all.iter()
    }

    /// Those that a forked child goes on with.
    pub fn for_child(mut self) -> Self {
        let (kept, left) =
            std::mem::take(&mut self.all).into_iter().partition(|subscription| subscription.consumer.outlasts_fork());
        self.all = kept;
        self.index();
        // The parent's: its locks may be held by threads that are not here.
        std::mem::forget::<Vec<Subscription>>(left);
        self
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    fn index(&mut self) {
        let mut products: Vec<(String, Vec<ConsumerId>)> = Vec::new();
        for Subscription { id, product, .. } in &self.all {
            match products.iter_mut().find(|(known, _)| **known == **product) {
                Some((_, consumers)) => consumers.push(*id),
                None => products.push((product.to_string(), vec![*id])),
            }
        }
        self.products = products;
    }
}

impl Subscribers for Subscriptions {
    fn of_product(&self, product: &str) -> Option<&[ConsumerId]> {
        let found = self.products.iter().find(|(known, _)| known == product);
        found.map(|(_, consumers)| consumers.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nobody;

    impl Consumer for Nobody {
        fn deliver(&self, _: &[Change], _: &mut [ApplyState]) {}
    }

    fn set(bits: &[u8]) -> Capabilities {
        Capabilities::of(bits).unwrap()
    }

    #[test]
    fn products_keep_the_order_in_which_they_were_subscribed() {
        let mut all = Subscriptions::default();
        let first = all.add("B", set(&[1]), Arc::new(Nobody)).unwrap();
        let second = all.add("A", set(&[2]), Arc::new(Nobody)).unwrap();
        let third = all.add("B", set(&[3]), Arc::new(Nobody)).unwrap();
        assert_eq!(all.products(), ["B", "A"]);
        assert_eq!(all.of_product("B"), Some([first, third].as_slice()));
        assert!(all.remove(first).is_some() && all.remove(first).is_none());
        assert_eq!(all.products(), ["A", "B"]);
        assert_eq!(all.of_product("A"), Some([second].as_slice()));
        assert_eq!(all.of_product("C"), None);
    }

    #[test]
    fn a_capability_belongs_to_one_product_and_can_be_withheld() {
        let mut all = Subscriptions::default();
        let first = all.add("A", set(&[12, 13]), Arc::new(Nobody)).unwrap();
        all.add("B", set(&[13, 29]), Arc::new(Nobody)).unwrap();
        all.add("A", set(&[13, 14]), Arc::new(Nobody)).unwrap();
        assert_eq!(all.capabilities(), set(&[12, 13, 14, 29]));
        all.remove(first);
        assert_eq!(all.capabilities(), set(&[13, 14, 29]), "A's second subscription has 13, B's has not");
        all.set_capabilities(set(&[14, 29]), false);
        all.set_capabilities(set(&[45]), true);
        assert_eq!(all.capabilities(), set(&[13, 45]));
        all.set_capabilities(set(&[45]), false);
        all.set_capabilities(set(&[29]), true);
        assert_eq!(all.capabilities(), set(&[13, 29]));
    }

    #[test]
    fn names_of_products_are_checked_and_subscriptions_bounded() {
        let mut all = Subscriptions::default();
        let mut add = |product: &str| all.add(product, Capabilities::default(), Arc::new(Nobody));
        for wrong in ["", "A/B", &"x".repeat(LONGEST_PRODUCT + 1)] {
            assert_eq!(add(wrong), Err(SubscribeError::Product), "{wrong}");
        }
        (0..MOST_SUBSCRIPTIONS).for_each(|number| assert!(add(&format!("P{number}")).is_ok()));
        assert_eq!(add("P"), Err(SubscribeError::Limit));
    }
}
