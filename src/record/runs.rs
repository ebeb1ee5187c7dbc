//! The runs of a live span: fields and string tags grow from the front of a buffer, numeric tags from its back.
//!
//! Runs never have holes and no key is there twice: a tag that is set again with another value, or removed, is closed up at once.
//! Whether a key is there at all is asked of a 64-bit filter first, so that the usual case, a new key, costs no search.

use super::copy::copy_text;
use super::msgpack::{self, NUMBER_SIZE, put_plain_str, read_str_prefix, split_str, str_size, write_str};
use super::{Field, Head, Number};

/// The buffer is too small: this many bytes are needed in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full {
    /// Bytes.
    pub needed: usize,
}

/// The filter bit of a key. Most keys of the library's own begin with `_`, and few of a user's: eight bits are for those alone, so that the
/// one is rarely taken for the other.
#[inline]
pub fn key_bit(key: &[u8]) -> u64 {
    let hash = text_hash(key);
    let bit = if key.first() == Some(&b'_') { 56 + (hash >> 61) } else { ((hash >> 40) * 56) >> 24 };
    1 << bit
}

/// The hash by which services are compared; never 0, which stands for the configured service.
#[inline]
pub fn service_hash(service: &[u8]) -> u64 {
    text_hash(service) | 1
}

/// A quick hash for short texts, not proof against an adversary: of the length and both ends, and of all of a longer text.
#[inline(always)]
pub fn text_hash(bytes: &[u8]) -> u64 {
    // Odd, with about half of its bits set, and chosen so that `key_bit` tells the keys for which every span is asked from those that most
    // spans have: a test names them.
    const MULTIPLIER: u64 = 0x8234_5a9d_8045_432f;
    let len = bytes.len() as u64;
    let (first, last) = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            (Some(first), Some(last)) => (u64::from(u32::from_le_bytes(*first)), u64::from(u32::from_le_bytes(*last))),
            _ => (bytes.iter().fold(0, |word, byte| (word << 8) | u64::from(*byte)), 0),
        },
    };
    let mut hash = (first ^ len.wrapping_mul(MULTIPLIER)).wrapping_mul(MULTIPLIER);
    if bytes.len() > 16 {
        hash ^= hash_middle(bytes);
    }
    hash = (hash.rotate_left(29) ^ last).wrapping_mul(MULTIPLIER);
    hash ^ (hash >> 29)
}

fn hash_middle(bytes: &[u8]) -> u64 {
    let words = bytes.chunks_exact(8).skip(1).map(|word| word.try_into().map_or(0, u64::from_le_bytes));
    words.fold(0, |hash, word| (hash.rotate_left(31) ^ word).wrapping_mul(0xff51_afd7_ed55_8ccd))
}

/// Write access to the runs of a live span.
pub struct Runs<'a> {
    /// The head that belongs to the buffer.
    pub head: &'a mut Head,
    /// The buffer.
    pub buffer: &'a mut [u8],
}

/// Read access to the runs of a span, live or finished.
#[derive(Clone, Copy)]
pub struct RunsRef<'a> {
    /// The fields.
    pub fields: &'a [u8],
    /// The string tags.
    pub texts: &'a [u8],
    /// The numeric tags.
    pub numbers: &'a [u8],
}

impl Runs<'_> {
    /// Sets a field; an empty value unsets it.
    pub fn set_field(&mut self, field: Field, value: &[u8]) -> Result<(), Full> {
        let index = field as usize;
        let old = self.head.field_len[index] as usize;
        let new = if value.is_empty() { 0 } else { str_size(value.len()) };
        let at = self.head.field_len[..index].iter().sum::<u32>() as usize;
        let front = self.front();
        self.check_room(new.saturating_sub(old))?;
        self.buffer.copy_within(at + old..front, at + new);
        if new > 0 {
            write_str(&mut self.buffer[at..], value);
        }
        self.head.field_len[index] = new as u32;
        self.head.fields_len = self.head.fields_len + new as u32 - old as u32;
        Ok(())
    }

    /// Sets the next field of a span that has neither tags nor this or a later field, if the text is plain and fits. `false`: nothing changed.
    #[inline(always)]
    pub fn append_field(&mut self, field: Field, value: &[u8]) -> bool {
        let size = str_size(value.len());
        // SAFETY: there is room, and no tag yet behind the fields.
        let put = |to: *mut u8| unsafe { put_plain_str(to.add(self.head.fields_len as usize), value) };
        if size > self.buffer.len() - self.head.runs_len() || put(self.buffer.as_mut_ptr()).is_none() {
            return false;
        }
        self.head.field_len[field as usize] = size as u32;
        self.head.fields_len += size as u32;
        true
    }

    /// Sets the first field of a span without any, as another record has it encoded. `false`: it does not fit.
    pub fn copy_first_field(&mut self, field: Field, encoded: &[u8]) -> bool {
        let Some(to) = self.buffer.get_mut(..encoded.len()) else { return false };
        copy_text(to, encoded);
        self.head.field_len[field as usize] = encoded.len() as u32;
        self.head.fields_len = encoded.len() as u32;
        true
    }

    /// Adds a string tag of a new key, if key and text are plain and fit. `false`: nothing changed, [`Runs::set_text`] may do.
    #[inline(always)]
    pub fn append_text(&mut self, key: &[u8], value: &[u8]) -> bool {
        let bit = key_bit(key);
        let size = str_size(key.len()).saturating_add(str_size(value.len()));
        if self.head.key_filter & bit != 0 || size > self.buffer.len() - self.head.runs_len() {
            return false;
        }
        // SAFETY: there is room for both from `front` on; the texts are the caller's.
        let is_put = unsafe {
            let to = self.buffer.as_mut_ptr().add(self.front());
            put_plain_str(to, key).is_some_and(|key_size| put_plain_str(to.add(key_size), value).is_some())
        };
        if is_put {
            self.head.text_len += size as u32;
            self.head.text_count += 1;
            self.head.key_filter |= bit;
        }
        is_put
    }

    /// Adds a numeric tag of a new key, if the key is plain and there is room. `false`: nothing changed, [`Runs::set_number`] may do.
    #[inline(always)]
    pub fn append_number(&mut self, key: &[u8], value: &[u8; NUMBER_SIZE]) -> bool {
        let bit = key_bit(key);
        let size = str_size(key.len()) + NUMBER_SIZE;
        if self.head.key_filter & bit != 0 || size > self.buffer.len() - self.head.runs_len() {
            return false;
        }
        let at = self.buffer.len() - self.head.number_len as usize - size;
        // SAFETY: there is room for key and value in front of the numeric tags.
        let is_put = unsafe {
            let to = self.buffer.as_mut_ptr().add(at);
            to.add(size - NUMBER_SIZE).cast::<[u8; NUMBER_SIZE]>().write_unaligned(*value);
            put_plain_str(to, key).is_some()
        };
        if is_put {
            self.head.number_len += size as u32;
            self.head.number_count += 1;
            self.head.key_filter |= bit;
        }
        is_put
    }

    /// Sets a string tag, in place of whatever the key held.
    pub fn set_text(&mut self, key: &[u8], value: &[u8]) -> Result<(), Full> {
        let bit = key_bit(key);
        if self.head.key_filter & bit != 0 {
            self.remove_before_set(key, value.len())?;
        }
        let size = str_size(key.len()) + str_size(value.len());
        let front = self.front();
        self.check_room(size)?;
        let key_size = write_str(&mut self.buffer[front..], key).unwrap_or(0);
        write_str(&mut self.buffer[front + key_size..], value);
        self.head.text_len += size as u32;
        self.head.text_count += 1;
        self.head.key_filter |= bit;
        Ok(())
    }

    /// Sets a numeric tag (`encode_f64` or `encode_i64`), in place of whatever the key held.
    pub fn set_number(&mut self, key: &[u8], value: &[u8; NUMBER_SIZE]) -> Result<(), Full> {
        let bit = key_bit(key);
        if self.head.key_filter & bit != 0 {
            if let Some((at, len)) = self.find_number(key) {
                self.buffer[at + len - NUMBER_SIZE..at + len].copy_from_slice(value);
                return Ok(());
            }
            self.remove_before_set(key, NUMBER_SIZE)?;
        }
        let size = str_size(key.len()) + NUMBER_SIZE;
        self.check_room(size)?;
        let at = self.buffer.len() - self.head.number_len as usize - size;
        let to = &mut self.buffer[at..at + size];
        write_str(to, key);
        to[size - NUMBER_SIZE..].copy_from_slice(value);
        self.head.number_len += size as u32;
        self.head.number_count += 1;
        self.head.key_filter |= bit;
        Ok(())
    }

    /// Removes a tag. `false`: it was not there.
    pub fn remove(&mut self, key: &[u8]) -> bool {
        if self.head.key_filter & key_bit(key) == 0 {
            return false;
        }
        if let Some((at, len)) = self.find_text(key) {
            let front = self.front();
            self.buffer.copy_within(at + len..front, at);
            self.head.text_len -= len as u32;
            self.head.text_count -= 1;
            return true;
        }
        if let Some((at, len)) = self.find_number(key) {
            let start = self.buffer.len() - self.head.number_len as usize;
            self.buffer.copy_within(start..at, start + len);
            self.head.number_len -= len as u32;
            self.head.number_count -= 1;
            return true;
        }
        false
    }

    /// Moves everything to a larger buffer.
    pub fn move_to(&self, larger: &mut [u8]) {
        let front = self.front();
        larger[..front].copy_from_slice(&self.buffer[..front]);
        let numbers = self.head.number_len as usize;
        let (from, to) = (self.buffer.len() - numbers, larger.len() - numbers);
        larger[to..].copy_from_slice(&self.buffer[from..]);
    }

    /// What is there, to read.
    #[inline]
    pub fn as_ref(&self) -> RunsRef<'_> {
        RunsRef::of_live(self.head, self.buffer)
    }

    #[inline]
    fn front(&self) -> usize {
        (self.head.fields_len + self.head.text_len) as usize
    }

    #[inline]
    fn check_room(&self, more: usize) -> Result<(), Full> {
        let needed = self.head.runs_len() + more;
        if needed > self.buffer.len() { Err(Full { needed }) } else { Ok(()) }
    }

    /// A tag that must move needs its room before the old one goes, so that a set that fails changes nothing.
    #[cold]
    fn remove_before_set(&mut self, key: &[u8], value_len: usize) -> Result<(), Full> {
        if self.find_text(key).is_some() || self.find_number(key).is_some() {
            self.check_room(str_size(key.len()) + str_size(value_len))?;
            self.remove(key);
        }
        Ok(())
    }

    /// Offset in the buffer and length of a string tag.
    fn find_text(&self, key: &[u8]) -> Option<(usize, usize)> {
        let start = self.head.fields_len as usize;
        let (at, len) = find(self.as_ref().texts, key, Value::Text)?;
        Some((start + at, len))
    }

    /// Offset in the buffer and length of a numeric tag.
    fn find_number(&self, key: &[u8]) -> Option<(usize, usize)> {
        let start = self.buffer.len() - self.head.number_len as usize;
        let (at, len) = find(self.as_ref().numbers, key, Value::Number)?;
        Some((start + at, len))
    }
}

impl<'a> RunsRef<'a> {
    /// The runs of a live span.
    #[inline(always)]
    pub fn of_live(head: &Head, buffer: &'a [u8]) -> Self {
        let fields = head.fields_len as usize;
        let front = fields + head.text_len as usize;
        let numbers = buffer.len() - head.number_len as usize;
        RunsRef { fields: &buffer[..fields], texts: &buffer[fields..front], numbers: &buffer[numbers..] }
    }

    /// The runs of a finished span, which stand back to back.
    #[inline]
    pub fn of_record(head: &Head, body: &'a [u8]) -> Option<Self> {
        let (fields, rest) = body.split_at_checked(head.fields_len as usize)?;
        let (texts, rest) = rest.split_at_checked(head.text_len as usize)?;
        Some(RunsRef { fields, texts, numbers: rest.get(..head.number_len as usize)? })
    }

    /// A field with its prefix; empty if it is not set.
    #[inline]
    pub fn encoded_field(&self, head: &Head, field: Field) -> &'a [u8] {
        let index = field as usize;
        let at = head.field_len[..index].iter().sum::<u32>() as usize;
        self.fields.get(at..at + head.field_len[index] as usize).unwrap_or_default()
    }

    /// All fields with their prefixes, in the order of [`Field`]; empty where they are not set.
    #[inline]
    pub fn encoded_fields(&self, head: &Head) -> [&'a [u8]; 4] {
        let mut rest = self.fields;
        head.field_len.map(|len| {
            let (field, tail) = rest.split_at_checked(len as usize).unwrap_or_default();
            rest = tail;
            field
        })
    }

    /// A field's text; empty if it is not set.
    #[inline]
    pub fn field(&self, head: &Head, field: Field) -> &'a [u8] {
        split_str(self.encoded_field(head, field)).map_or(&[], |(text, _)| text)
    }

    /// A string tag.
    pub fn text(&self, head: &Head, key: &[u8]) -> Option<&'a [u8]> {
        if head.key_filter & key_bit(key) == 0 {
            return None;
        }
        let (at, len) = find(self.texts, key, Value::Text)?;
        let (_, rest) = split_str(self.texts.get(at..at + len)?)?;
        split_str(rest).map(|(value, _)| value)
    }

    /// A numeric tag.
    pub fn number(&self, head: &Head, key: &[u8]) -> Option<Number> {
        if head.key_filter & key_bit(key) == 0 {
            return None;
        }
        let (at, len) = find(self.numbers, key, Value::Number)?;
        msgpack::decode_number(self.numbers.get(at + len - NUMBER_SIZE..at + len)?)
    }

    /// Whether the key is there, as string or number.
    #[inline]
    pub fn has(&self, head: &Head, key: &[u8], bit: u64) -> bool {
        self.value(head, key, bit).is_some()
    }

    /// The value of a tag, whatever its type.
    #[inline]
    pub fn value(&self, head: &Head, key: &[u8], bit: u64) -> Option<RunValue<'a>> {
        if head.key_filter & bit == 0 { None } else { self.find_value(key) }
    }

    fn find_value(&self, key: &[u8]) -> Option<RunValue<'a>> {
        if let Some((at, len)) = find(self.texts, key, Value::Text) {
            let (_, rest) = split_str(self.texts.get(at..at + len)?)?;
            return split_str(rest).map(|(value, _)| RunValue::Text(value));
        }
        let (at, len) = find(self.numbers, key, Value::Number)?;
        msgpack::decode_number(self.numbers.get(at + len - NUMBER_SIZE..at + len)?).map(RunValue::Number)
    }

    /// All string tags.
    pub fn each_text(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        let mut rest = self.texts;
        std::iter::from_fn(move || {
            let (key, tail) = split_str(rest)?;
            let (value, tail) = split_str(tail)?;
            rest = tail;
            Some((key, value))
        })
    }

    /// All numeric tags.
    pub fn each_number(&self) -> impl Iterator<Item = (&'a [u8], Number)> + use<'a> {
        let mut rest = self.numbers;
        std::iter::from_fn(move || {
            let (key, tail) = split_str(rest)?;
            let number = msgpack::decode_number(tail)?;
            rest = tail.get(NUMBER_SIZE..)?;
            Some((key, number))
        })
    }
}

/// The value of a tag.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RunValue<'a> {
    /// A string.
    Text(&'a [u8]),
    /// A number.
    Number(Number),
}

#[derive(Clone, Copy, PartialEq)]
enum Value {
    Text,
    Number,
}

/// Offset and length (key and value) of a tag in a run.
#[inline]
fn find(run: &[u8], key: &[u8], value: Value) -> Option<(usize, usize)> {
    let mut at = 0;
    while at < run.len() {
        let (prefix, len) = read_str_prefix(&run[at..])?;
        let key_end = at + prefix + len;
        let end = match value {
            Value::Number => key_end + NUMBER_SIZE,
            Value::Text => {
                let (prefix, len) = read_str_prefix(run.get(key_end..)?)?;
                key_end + prefix + len
            }
        };
        if len == key.len() && run.get(at + prefix..key_end) == Some(key) {
            return Some((at, end - at));
        }
        at = end;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::msgpack::{encode_f64, encode_i64};

    struct Live {
        head: Head,
        buffer: Vec<u8>,
    }

    impl Live {
        fn new(size: usize) -> Self {
            Live { head: Head::EMPTY, buffer: vec![0xee; size] }
        }
        fn runs(&mut self) -> Runs<'_> {
            Runs { head: &mut self.head, buffer: &mut self.buffer }
        }
        fn read(&self) -> RunsRef<'_> {
            RunsRef::of_live(&self.head, &self.buffer)
        }
        fn text(&self, key: &str) -> Option<String> {
            self.read().text(&self.head, key.as_bytes()).map(|v| String::from_utf8(v.to_vec()).unwrap())
        }
        fn number(&self, key: &str) -> Option<Number> {
            self.read().number(&self.head, key.as_bytes())
        }
    }

    #[test]
    fn a_key_has_one_value_whatever_its_type() {
        let mut live = Live::new(256);
        live.runs().set_text(b"k", b"text").unwrap();
        live.runs().set_number(b"k", &encode_f64(1.5)).unwrap();
        assert_eq!((live.text("k"), live.number("k")), (None, Some(Number::Float(1.5))));
        live.runs().set_text(b"k", b"again").unwrap();
        assert_eq!((live.text("k"), live.number("k")), (Some("again".into()), None));
        assert_eq!((live.head.text_count, live.head.number_count), (1, 0));
    }

    #[test]
    fn usual_tags_share_no_filter_bit_with_those_that_every_span_is_asked_for() {
        let asked = ["span.kind", "http.status_code", "http.method", "http.endpoint", "http.route", "peer.service"];
        let usual = [
            "component",
            "http.url",
            "http.useragent",
            "http.client_ip",
            "http.host",
            "http.version",
            "db.type",
            "db.system",
            "db.instance",
            "db.name",
            "db.user",
            "db.statement",
            "db.operation",
            "out.host",
            "network.destination.name",
            "network.destination.port",
            "peer.hostname",
            "error.type",
            "error.message",
            "error.stack",
            "env",
            "version",
            "language",
            "runtime-id",
            "process_id",
            "user.id",
            "messaging.system",
            "messaging.destination",
            "messaging.operation",
            "rpc.service",
            "rpc.method",
            "rpc.system",
            "thread.id",
            "thread.name",
            "sql.query",
            "server.address",
            "resource.name",
            "usr.id",
            "session.id",
            "account.id",
            "url.full",
            "net.peer.name",
            "rpc.grpc.status_code",
            "grpc.code",
        ];
        for key in asked {
            let same = |other: &&str| *other != key && key_bit(other.as_bytes()) == key_bit(key.as_bytes());
            assert_eq!(usual.iter().copied().chain(asked).find(same), None, "{key}");
        }
    }

    #[test]
    fn fields_may_change_length_without_disturbing_tags() {
        let mut live = Live::new(256);
        live.runs().set_field(Field::Name, b"op").unwrap();
        live.runs().set_field(Field::Resource, b"GET /").unwrap();
        live.runs().set_text(b"a", b"1").unwrap();
        live.runs().set_number(b"n", &encode_i64(7)).unwrap();
        live.runs().set_field(Field::Name, b"a much longer operation name, with its own prefix").unwrap();
        live.runs().set_field(Field::Resource, b"").unwrap();
        live.runs().set_field(Field::Service, b"svc").unwrap();
        assert_eq!(live.read().field(&live.head, Field::Service), b"svc");
        assert_eq!(live.read().field(&live.head, Field::Resource), b"");
        let one_by_one =
            [Field::Service, Field::Name, Field::Resource, Field::Type].map(|field| live.read().encoded_field(&live.head, field));
        assert_eq!(live.read().encoded_fields(&live.head), one_by_one);
        assert_eq!(live.text("a").as_deref(), Some("1"));
        assert_eq!(live.number("n"), Some(Number::Int(7)));
    }

    #[test]
    fn removal_closes_the_run() {
        let mut live = Live::new(256);
        for key in ["a", "b", "c"] {
            live.runs().set_text(key.as_bytes(), b"v").unwrap();
            live.runs().set_number(format!("n{key}").as_bytes(), &encode_i64(1)).unwrap();
        }
        assert!(live.runs().remove(b"b"));
        assert!(live.runs().remove(b"nb"));
        assert!(!live.runs().remove(b"b"));
        let texts: Vec<_> = live.read().each_text().map(|(k, _)| k.to_vec()).collect();
        assert_eq!(texts, [b"a".to_vec(), b"c".to_vec()]);
        let mut numbers: Vec<_> = live.read().each_number().map(|(k, _)| k.to_vec()).collect();
        numbers.sort();
        assert_eq!(numbers, [b"na".to_vec(), b"nc".to_vec()]);
    }

    #[test]
    fn a_full_buffer_says_what_it_needs_and_changes_nothing() {
        let mut live = Live::new(32);
        live.runs().set_text(b"key", b"0123456789").unwrap();
        let full = live.runs().set_text(b"key", b"01234567890123456789").unwrap_err();
        assert!(full.needed > 32);
        assert_eq!(live.text("key").as_deref(), Some("0123456789"));
        let mut larger = vec![0; 128];
        live.runs().set_number(b"n", &encode_i64(3)).unwrap();
        live.runs().move_to(&mut larger);
        live.buffer = larger;
        live.runs().set_text(b"key", b"01234567890123456789").unwrap();
        assert_eq!(live.number("n"), Some(Number::Int(3)));
    }

    #[test]
    fn a_thousand_random_sets_and_removals_match_a_map() {
        let mut live = Live::new(64 * 1024);
        let mut model = std::collections::BTreeMap::new();
        let mut state = 12345u64;
        for _ in 0..5_000 {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let key = format!("key{}", (state >> 33) % 60);
            match (state >> 20) % 4 {
                0 => {
                    live.runs().set_number(key.as_bytes(), &encode_i64(state as i64)).unwrap();
                    model.insert(key, Err(state as i64));
                }
                1 => assert_eq!(live.runs().remove(key.as_bytes()), model.remove(&key).is_some()),
                _ => {
                    let value = "v".repeat((state >> 40) as usize % 40);
                    live.runs().set_text(key.as_bytes(), value.as_bytes()).unwrap();
                    model.insert(key, Ok(value));
                }
            }
        }
        assert_eq!(live.head.text_count as usize + live.head.number_count as usize, model.len());
        for (key, value) in model {
            match value {
                Ok(text) => assert_eq!(live.text(&key), Some(text)),
                Err(number) => assert_eq!(live.number(&key), Some(Number::Int(number))),
            }
        }
    }
}
