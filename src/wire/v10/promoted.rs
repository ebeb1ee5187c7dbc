//! Tags that are fields of a v1.0 span instead of attributes. They are found among the attributes and written behind them.

use super::Out;
use super::memo::Bytes;
use super::strings::id_bytes;
use crate::record::msgpack::split_encoded_str;
use crate::wire::string_table::Role;

/// How many there are.
pub(super) const TAGS: usize = 4;
/// Which of them is the span kind, a number on the wire; the others are strings.
pub(super) const KIND: u32 = 3;
/// The key of the first one in a span's map; those of the others follow.
const FIRST_FIELD: u8 = 13;
const INTERNAL: u8 = 1;

/// The index of a key, given with its prefix, among the promoted ones.
#[inline]
pub(super) fn of_key(encoded: &[u8]) -> Option<u32> {
    match encoded {
        b"\xa3env" => Some(0),
        b"\xa7version" => Some(1),
        b"\xa9component" => Some(2),
        b"\xa9span.kind" => Some(KIND),
        _ => None,
    }
}

/// The number of a span kind, given with its prefix.
fn kind(encoded: &[u8]) -> Option<u8> {
    let text = encoded.get(1..)?;
    let kinds = ["internal", "server", "client", "producer", "consumer"];
    (INTERNAL..).zip(kinds).find_map(|(number, kind)| text.eq_ignore_ascii_case(kind.as_bytes()).then_some(number))
}

/// What a promoted tag became: which value, by a number of its own, and its field; `None` if the value is new to the payload.
pub(super) type Field = Option<(u32, Bytes)>;

/// The fields that the tags of a span are.
#[derive(Clone, Copy)]
pub(super) struct Promoted {
    /// Those whose strings have ids, as they will be written.
    bytes: [u8; SIZE],
    len: usize,
    /// How many tags; an empty one is no field.
    pub(super) tags: u32,
    /// How many fields are in `bytes`.
    fields: u8,
    has_kind: bool,
    /// Bits of the tags whose values are new to the payload.
    new: u8,
}

/// Three strings with ids of up to five bytes, the kind, and what is written with the last one beyond its end.
const SIZE: usize = 3 * 6 + 2 + SHARED_SIZE;
const SHARED_SIZE: usize = 16;

impl Promoted {
    pub(super) const NONE: Promoted = Promoted { bytes: [0; SIZE], len: 0, tags: 0, fields: 0, has_kind: false, new: 0 };

    #[inline(always)]
    pub(super) fn clear(&mut self) {
        (self.len, self.tags, self.fields, self.has_kind, self.new) = (0, 0, 0, false, 0);
    }

    /// One more tag that is this field.
    #[inline(always)]
    pub(super) fn add(&mut self, tag: u32, field: &Bytes) {
        self.tags += 1;
        self.has_kind |= tag == KIND;
        self.put(&field.all, field.len, u8::from(field.len > 0));
    }

    /// More tags that are these fields.
    #[inline(always)]
    pub(super) fn add_shared(&mut self, shared: &Shared) {
        self.tags += u32::from(shared.tags);
        self.has_kind |= shared.has_kind;
        self.put(&shared.bytes, shared.len, shared.fields);
    }

    #[inline(always)]
    fn put<const N: usize>(&mut self, bytes: &[u8; N], len: u8, fields: u8) {
        // A span has each tag once, so there is room.
        if let Some(place) = self.bytes.get_mut(self.len..self.len + N) {
            place.copy_from_slice(bytes);
            self.len += len as usize;
            self.fields += fields;
        }
    }

    /// What came since it was `before`. `None`: not all values are known by their ids.
    pub(super) fn since(&self, before: &Promoted) -> Option<Shared> {
        let new = self.bytes.get(before.len..self.len).filter(|_| self.new == before.new)?;
        let mut bytes = [0; SHARED_SIZE];
        bytes.get_mut(..new.len())?.copy_from_slice(new);
        Some(Shared {
            bytes,
            len: new.len() as u8,
            tags: u8::try_from(self.tags - before.tags).ok()?,
            fields: self.fields - before.fields,
            has_kind: self.has_kind && !before.has_kind,
        })
    }
}

/// The fields that tags of many spans are.
#[derive(Clone, Copy, Default)]
pub(super) struct Shared {
    bytes: [u8; SHARED_SIZE],
    len: u8,
    tags: u8,
    fields: u8,
    has_kind: bool,
}

impl Out<'_> {
    /// Keeps the value of a promoted tag, which begins `from`, until the attributes are written. Returns the field and what is behind the
    /// value. `None`: it cannot be a field.
    pub(super) fn promote<'f>(&mut self, tag: u32, from: &'f [u8]) -> Option<(Field, &'f [u8])> {
        let (text, rest) = split_encoded_str(from)?;
        let mut field = Bytes::default();
        let mut value = 0;
        if tag == KIND {
            let number = kind(text)?;
            (field.all[0], field.all[1], field.len) = (FIRST_FIELD + KIND as u8, number, 2);
            value = u32::from(number);
        } else if text.len() > 1 {
            let Some((index, _)) = self.strings.table.expected(self.to.written(), tag, Role::Value, from) else {
                self.new_value(tag, text);
                return Some((None, rest));
            };
            let (id, len) = id_bytes(index);
            field.all[0] = FIRST_FIELD + tag as u8;
            field.all[1..=id.len()].copy_from_slice(&id);
            field.len = 1 + len;
            value = index;
        }
        self.promoted.add(tag, &field);
        Some((Some((value, field)), rest))
    }

    fn new_value(&mut self, tag: u32, text: &[u8]) {
        let Some(value) = self.strings.new_values.get_mut(tag as usize) else { return };
        value.clear();
        value.extend_from_slice(text);
        self.promoted.tags += 1;
        self.promoted.new |= 1 << tag;
    }

    /// Writes the fields. Returns how many.
    #[inline(always)]
    pub(super) fn promoted_fields(&mut self) -> u8 {
        let Promoted { bytes, len, fields, has_kind, new, .. } = &self.promoted;
        let (mut fields, new) = (*fields, *new);
        self.to.text(bytes.get(..*len).unwrap_or_default());
        if !has_kind {
            self.to.bytes(&[FIRST_FIELD + KIND as u8, INTERNAL]);
            fields += 1;
        }
        if new != 0 {
            fields += self.new_fields();
        }
        fields
    }

    #[cold]
    fn new_fields(&mut self) -> u8 {
        let tags = (0..KIND).filter(|tag| self.promoted.new & (1 << tag) != 0).collect::<Vec<_>>();
        for tag in &tags {
            let place = *tag as usize % TAGS;
            let value = std::mem::take(&mut self.strings.new_values[place]);
            self.to.bytes(&[FIRST_FIELD + *tag as u8]);
            self.string(*tag, Role::Value, &value);
            self.strings.new_values[place] = value;
        }
        tags.len() as u8
    }
}
