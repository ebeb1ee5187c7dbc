//! Remarks on parts of a value that were left out, bounded: a hostile value of thousands of bad parts makes few of them.

/// Remarks, in order.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    kept: Vec<String>,
    more: usize,
}

const MOST: usize = 10;

impl Remarks {
    /// Adds a remark, or counts it where there are enough.
    pub(super) fn add(&mut self, remark: impl FnOnce() -> String) {
        match self.kept.len() < MOST {
            true => self.kept.push(remark()),
            false => self.more += 1,
        }
    }

    /// The remarks; the last one tells how many more there were.
    pub(super) fn into_vec(mut self) -> Vec<String> {
        if self.more > 0 {
            self.kept.push(format!("{} more parts are left out", self.more));
        }
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_remarks_become_a_number() {
        let mut remarks = Remarks::default();
        (0..MOST + 5).for_each(|n| remarks.add(|| n.to_string()));
        let remarks = remarks.into_vec();
        assert_eq!(remarks.len(), MOST + 1);
        assert_eq!(remarks.last().unwrap(), "5 more parts are left out");
    }
}
