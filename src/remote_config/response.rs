//! The agent's answer: which files are to be active, and the content of those that are new.
//!
//! Nothing in it is trusted. Here it is decoded and its types and sizes are checked; whether its parts fit together is seen by the
//! transaction in `files`.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

/// Longer answers are refused.
pub const MOST_RESPONSE_BYTES: usize = 64 * 1024 * 1024;
/// No more files are active at a time.
pub const MOST_FILES: usize = 4096;
/// The value of `config_status` for a client that the backend has given up.
const EXPIRED: u64 = 1;
/// An interval between polls that the backend wishes for is not longer than this: a wrong one must not end remote configuration.
const LONGEST_REFRESH_SECONDS: f64 = 60.0;
/// Nor shorter.
const SHORTEST_REFRESH_SECONDS: f64 = 0.1;
/// The longest state of the backend that is sent back.
const LONGEST_BACKEND_STATE: usize = 64 * 1024;

const LENIENT_BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true),
);

/// What an answer says.
pub enum Answer<'a> {
    /// Nothing has changed.
    Unchanged,
    /// These files, and no others, are to be active.
    Files(Listing<'a>),
}

/// The files that are to be active.
pub struct Listing<'a> {
    /// The version of the targets.
    pub version: u64,
    /// What the backend wants to have sent back.
    pub backend_state: String,
    /// How often the backend wants to be asked, if it says so.
    pub refresh_interval: Option<Duration>,
    /// The paths that are to be active.
    pub active: Vec<Cow<'a, str>>,
    /// What is known of each path.
    pub targets: HashMap<String, Box<RawValue>>,
    /// The content of new files, in base64.
    pub contents: HashMap<Cow<'a, str>, Cow<'a, str>>,
}

/// What the targets say of one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The version of the file.
    pub version: u64,
    /// The length of its content.
    pub length: u64,
    /// SHA-256 of its content, if it is given; hexadecimal, as it was written.
    pub sha256: Option<String>,
    /// SHA-512 of its content, if it is given.
    pub sha512: Option<String>,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    targets: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    target_files: Option<Vec<File<'a>>>,
    #[serde(borrow, default)]
    client_configs: Option<Vec<Path<'a>>>,
    #[serde(default)]
    config_status: Option<u64>,
}

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    path: Cow<'a, str>,
    #[serde(borrow)]
    raw: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Path<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
struct Targets {
    signed: Signed,
}

#[derive(Deserialize)]
struct Signed {
    version: u64,
    #[serde(default)]
    custom: Option<Custom>,
    #[serde(default)]
    targets: Option<HashMap<String, Box<RawValue>>>,
}

#[derive(Deserialize)]
struct Custom {
    #[serde(default)]
    opaque_backend_state: Option<String>,
    /// Whatever it is: nothing depends on it.
    #[serde(default)]
    agent_refresh_interval: Option<Box<RawValue>>,
}

impl<'a> Answer<'a> {
    /// Reads an answer of status 200; the error says what is wrong with it.
    pub fn parse(body: &'a [u8]) -> Result<Self, String> {
        if body.len() > MOST_RESPONSE_BYTES {
            return Err(format!("the response has {} bytes, expected {MOST_RESPONSE_BYTES} at most", body.len()));
        }
        if body.trim_ascii().len() <= 3 {
            return Ok(Answer::Unchanged);
        }
        let body: Option<Body<'a>> =
            serde_json::from_slice(body).map_err(|error| format!("the response is not of the expected form: {error}"))?;
        let Some(body) = body else { return Ok(Answer::Unchanged) };
        let is_expired = body.config_status == Some(EXPIRED);
        let encoded = body.targets.unwrap_or_default();
        if encoded.is_empty() {
            return Ok(if is_expired { Answer::Files(Listing::empty()) } else { Answer::Unchanged });
        }
        let targets = decode_base64(&encoded).ok_or("targets: expected base64")?;
        let targets: Targets = serde_json::from_slice(&targets).map_err(|error| format!("targets: {error}"))?;
        let (backend_state, refresh_interval) = targets.signed.custom.map_or((None, None), |custom| {
            (custom.opaque_backend_state, custom.agent_refresh_interval.and_then(|wish| refresh_interval(&wish)))
        });
        let backend_state = backend_state.unwrap_or_default();
        if backend_state.len() > LONGEST_BACKEND_STATE {
            return Err(format!("opaque_backend_state: {} bytes, expected {LONGEST_BACKEND_STATE} at most", backend_state.len()));
        }
        let active = if is_expired { Vec::new() } else { body.client_configs.unwrap_or_default() };
        if active.len() > MOST_FILES {
            return Err(format!("client_configs: {} files, expected {MOST_FILES} at most", active.len()));
        }
        let files = body.target_files.unwrap_or_default();
        Ok(Answer::Files(Listing {
            version: targets.signed.version,
            backend_state,
            refresh_interval,
            active: active.into_iter().map(|path| path.0).collect(),
            targets: targets.signed.targets.unwrap_or_default(),
            contents: files.into_iter().map(|file| (file.path, file.raw)).collect(),
        }))
    }
}

impl Listing<'_> {
    /// No file is to be active, and nothing is known of a version: the state of a new client.
    pub fn empty() -> Self {
        Listing {
            version: 0,
            backend_state: String::new(),
            refresh_interval: None,
            active: Vec::new(),
            targets: HashMap::new(),
            contents: HashMap::new(),
        }
    }
}

impl Target {
    /// Reads what the targets say of a path.
    pub fn parse(raw: &RawValue) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Raw {
            custom: Versioned,
            hashes: Hashes,
            length: u64,
        }
        #[derive(Deserialize)]
        struct Versioned {
            v: u64,
        }
        #[derive(Deserialize)]
        struct Hashes {
            sha256: Option<String>,
            sha512: Option<String>,
        }
        let Raw { custom, hashes, length } = serde_json::from_str(raw.get()).map_err(|error| format!("target: {error}"))?;
        let (sha256, sha512) = (hashes.sha256, hashes.sha512);
        let is_digest = |digest: &Option<String>, length: usize| {
            digest.as_ref().is_none_or(|text| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit()))
        };
        if sha256.is_none() && sha512.is_none() {
            return Err("target: expected a hash sha256 or sha512".to_owned());
        }
        if !is_digest(&sha256, 64) || !is_digest(&sha512, 128) {
            return Err("target: a hash is not hexadecimal, or of another length than expected".to_owned());
        }
        Ok(Target { version: custom.v, length, sha256, sha512 })
    }

    /// Whether the content is the same, by the hash that counts.
    pub fn has_same_hash(&self, other: &Target) -> bool {
        let same = |a: &Option<String>, b: &Option<String>| match (a, b) {
            (Some(a), Some(b)) => Some(a.eq_ignore_ascii_case(b)),
            _ => None,
        };
        same(&self.sha256, &other.sha256).or_else(|| same(&self.sha512, &other.sha512)).unwrap_or(false)
    }

    /// The hash that counts is that of this content. The error says what differs.
    pub fn check(&self, content: &[u8]) -> Result<(), String> {
        use sha2::{Digest, Sha256, Sha512};
        if content.len() as u64 != self.length {
            return Err(format!("the content has {} bytes, expected {}", content.len(), self.length));
        }
        let (name, expected, actual) = match (&self.sha256, &self.sha512) {
            (Some(expected), _) => ("sha256", expected, hexadecimal(&Sha256::digest(content))),
            (None, Some(expected)) => ("sha512", expected, hexadecimal(&Sha512::digest(content))),
            (None, None) => return Err("expected a hash".to_owned()),
        };
        if expected.eq_ignore_ascii_case(&actual) {
            return Ok(());
        }
        Err(format!("the content's {name} is {actual}, expected {expected}"))
    }
}

/// A wish for an interval, in seconds; zero and what is no number say nothing.
fn refresh_interval(wish: &RawValue) -> Option<Duration> {
    let seconds: f64 = serde_json::from_str(wish.get()).ok()?;
    (seconds > 0.0).then(|| Duration::from_secs_f64(seconds.clamp(SHORTEST_REFRESH_SECONDS, LONGEST_REFRESH_SECONDS)))
}

/// Decodes base64, with padding or without.
pub fn decode_base64(text: &str) -> Option<Vec<u8>> {
    LENIENT_BASE64.decode(text.trim()).ok()
}

/// Bytes as hexadecimal digits.
pub fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
