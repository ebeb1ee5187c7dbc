//! Changes of several tags at once, which a decision or a policy asks for.

use super::{DECISION_MAKER, KNUTH_RATE, TraceTags};
use crate::context::product::{PRODUCTS, Product, parse_products};

impl TraceTags {
    /// Removes what tells of the sampling decision: who made it, and by which rate.
    pub(in crate::context) fn remove_decision(&mut self) {
        self.remove(DECISION_MAKER);
        self.remove(KNUTH_RATE);
    }

    /// Adds a product to the mask of those that the trace is for. A mask that is none is replaced.
    pub(in crate::context) fn add_product(&mut self, product: Product) {
        let mask = self.get(PRODUCTS).and_then(parse_products).unwrap_or(0);
        self.set(PRODUCTS, &format!("{:02x}", mask | product.bit()));
    }

    /// Forgets what another organization said of the trace: origin, propagated tags, the last Datadog parent, and the Datadog member of the
    /// tracestate.
    pub(crate) fn forget_organization(&mut self) {
        self.clear_tags();
        self.set_origin("");
        self.set_last_parent_id("");
        let members: Vec<String> = self.sampling_member().into_iter().chain(self.vendor_members()).map(str::to_owned).collect();
        let has_sampling_member = !self.sampling_member.is_empty();
        self.set_tracestate(&members.join(","));
        let mut start = 0;
        for (index, member) in members.iter().enumerate() {
            let place = start..start + member.len();
            match index {
                0 if has_sampling_member => self.set_sampling_member(place),
                _ => self.push_vendor_member(place),
            }
            start += member.len() + 1;
        }
    }
}
