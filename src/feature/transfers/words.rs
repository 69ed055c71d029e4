//! Large data: what is said of it (A22, A23), read field by field so that a sender learns of
//! every fault at once.

use std::rc::Rc;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::{native, workflow};
use crate::feature::{Ask, Rate, Spelled, Tell};
use crate::message::fields::Fields;
use crate::message::{Json, Kind, Name, ProtocolError};

/// What a client may ask about large data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferCommand {
    /// Keep this piece (A22).
    Keep(Rc<Chunk>),
    /// Send me all of it, or what follows.
    Fetch {
        /// Of which object.
        data: Name,
        /// The first index to send, as its sender counted; the first of all if `None`.
        from: Option<u64>,
    },
    /// Forget this object.
    Delete(Name),
}

/// What is asked about large data over HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TransferTask {
    /// Forget this object.
    #[serde(rename = "delete_object")]
    Delete(Name),
}

impl From<TransferTask> for TransferCommand {
    fn from(task: TransferTask) -> Self {
        match task {
            TransferTask::Delete(data) => Self::Delete(data),
        }
    }
}

/// What a room says about large data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferEvent {
    /// All of it is here (A23).
    Received {
        /// The object's `data_id`.
        data: Name,
        /// How much it is, decoded.
        bytes: u64,
    },
    /// Not all of it is here.
    Incomplete {
        /// The object's `data_id`.
        data: Name,
        /// How much is here, decoded.
        bytes: u64,
        /// Which indexes are not, as its sender counts.
        missing: Vec<u64>,
    },
    /// A piece is here, as others still are not.
    Kept {
        /// How much is here, decoded.
        bytes: u64,
    },
    /// It is here, and its pieces follow.
    Found {
        /// How many there are.
        total: u64,
        /// How much it is, decoded.
        bytes: u64,
    },
    /// A piece of what was asked for (A22).
    Piece(Rc<Chunk>),
    /// It was deleted, as you asked.
    Deleted(Name),
}

/// What a protocol calls the fields of a piece.
#[derive(Debug, PartialEq, Eq)]
pub struct Called {
    pub(super) object: &'static str,
    pub(super) index: &'static str,
    pub(super) total: &'static str,
    pub(super) chunk: &'static str,
    pub(super) digest: &'static str,
}

/// A piece of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// What its sender calls the object.
    pub data: Name,
    /// Which piece it is, counted from 0 or from 1: 0 to `total`.
    pub index: u64,
    /// How many there are, at least 1.
    pub total: u64,
    /// Base64, as it came.
    pub text: String,
    /// How much it is, decoded.
    pub bytes: u64,
    /// Of what it is, decoded.
    pub digest: Digest,
    /// What whoever sends it calls its fields.
    pub called: &'static Called,
}

/// A SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Reads 64 hex digits, with or without `sha256:` before them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        let mut bytes = [0; 32];
        let pairs = digits.as_bytes().chunks(2);
        if digits.len() != 64 {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(pairs) {
            let digit = |it: u8| char::from(it).to_digit(16).and_then(|it| u8::try_from(it).ok());
            let [high, low] = <[u8; 2]>::try_from(pair).ok()?;
            *byte = digit(high)? << 4 | digit(low)?;
        }
        Some(Self(bytes))
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|it| write!(out, "{it:02x}"))
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("no SHA-256"))
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Padding may be there or not; what is left over of the last digit must be nothing.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Most chunks anyone can say: a whole number that JavaScript can hold.
const WHOLE_MAX: u64 = 1 << 53;

const NAME: &str = "1 to 128 of A-Z a-z 0-9 . _ : ~ -";
const INDEX: &str = "a whole number from 0 to total_chunks";
const TOTAL: &str = "a whole number from 1";
const BASE64_TEXT: &str = "base64 of the standard alphabet";
const CHECKSUM: &str = "the SHA-256 of the decoded chunk: 64 hex digits";
const FROM: &str = "a whole number, the index of a chunk";

impl Chunk {
    /// Reads a chunk, decodes it once and holds it against its checksum.
    pub fn parse(data: &str, called: &'static Called) -> Result<Self, ProtocolError> {
        let mut it = Fields::of(data)?;
        let data = it.need::<Name>(called.object, NAME, |_| true);
        let total = it.need(called.total, TOTAL, |it| (1..=WHOLE_MAX).contains(it));
        let index_max = total.unwrap_or(WHOLE_MAX);
        let index = it.need(called.index, INDEX, |it| *it <= index_max);
        let text: Option<String> = it.find(called.chunk);
        let decoded = text.as_deref().and_then(|it| BASE64.decode(it).ok());
        if decoded.is_none() {
            it.fault(called.chunk, BASE64_TEXT);
        }
        let digest = decoded.as_deref().map(Digest::of);
        // Of what cannot be decoded nobody knows the right one.
        let is_right = |shown: &Digest| digest.is_none_or(|it| it == *shown);
        it.need(called.digest, CHECKSUM, is_right);
        it.end()?;
        let read = || {
            let bytes = decoded?.len() as u64;
            let (data, index, total) = (data?, index?, total?);
            Some(Self { data, index, total, text: text?, bytes, digest: digest?, called })
        };
        read().ok_or(ProtocolError::system()) // Which it is not: all that is missing was named.
    }
}

impl TransferCommand {
    /// Reads a chunk.
    pub fn keep(data: &str, called: &'static Called) -> Result<Self, ProtocolError> {
        Chunk::parse(data, called).map(|it| Self::Keep(Rc::new(it)))
    }

    /// Reads a request for an object, which it calls so.
    pub fn fetch(data: &str, called: &'static str) -> Result<Self, ProtocolError> {
        let mut it = Fields::of(data)?;
        let data = it.need::<Name>(called, NAME, |_| true);
        let from = it.may("from", FROM, |it| *it <= WHOLE_MAX);
        it.end()?;
        data.map(|data| Self::Fetch { data, from }).ok_or(ProtocolError::system())
    }

    /// Reads a request to forget an object, which it calls so.
    pub fn delete(data: &str, called: &'static str) -> Result<Self, ProtocolError> {
        let mut it = Fields::of(data)?;
        let data = it.need::<Name>(called, NAME, |_| true);
        it.end()?;
        data.map(Self::Delete).ok_or(ProtocolError::system())
    }
}

/// Chunks, and what is asked about them.
const CHUNKS: Rate =
    Rate { most: |it| it.chunks_per_second, counter: |it| &mut it.transfers.chunks };

impl Ask for TransferCommand {
    fn read(
        protocol: &str,
        word: &str,
        data: Option<&RawValue>,
    ) -> Option<Result<Self, ProtocolError>> {
        match protocol {
            "workflow" => workflow::read(word, data),
            "native" => native::read(word, data),
            _ => None,
        }
    }
    fn is_served_in(&self, kind: Kind) -> bool {
        kind == Kind::Hub
    }
    fn rate(&self) -> Option<&'static Rate> {
        Some(&CHUNKS)
    }
}

impl Tell for TransferEvent {
    fn spell(&self, protocol: &str) -> Option<Spelled> {
        match protocol {
            "workflow" => workflow::spell(self),
            "native" => Some(native::spell(self)),
            _ => None,
        }
    }
    fn answer(&self) -> Option<Json> {
        matches!(self, Self::Deleted(_)).then(Json::null)
    }
    fn weight(&self) -> usize {
        match self {
            Self::Piece(chunk) => chunk.text.len(),
            Self::Received { .. }
            | Self::Incomplete { .. }
            | Self::Kept { .. }
            | Self::Found { .. }
            | Self::Deleted(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn data() -> Value {
        // "hello"
        json!({
            "data_id": "d.1", "chunk_index": 1, "total_chunks": 5, "chunk_data": "aGVsbG8=",
            "checksum": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
        })
    }

    fn faults(data: &Value) -> Vec<String> {
        let crate::message::Details::Faults(faults) =
            Chunk::parse(&data.to_string(), &workflow::IN_WORKFLOWS).unwrap_err().details
        else {
            unreachable!("every fault is named")
        };
        faults.into_iter().map(|it| it.field.into_owned()).collect()
    }

    #[test]
    fn a_chunk_is_read_as_it_came_and_measured_decoded() {
        let chunk = Chunk::parse(&data().to_string(), &workflow::IN_WORKFLOWS).unwrap();
        assert_eq!((chunk.data.as_str(), chunk.index, chunk.total), ("d.1", 1, 5));
        assert_eq!((chunk.text.as_str(), chunk.bytes), ("aGVsbG8=", 5));
        assert_eq!(chunk.digest.to_string(), data()["checksum"].as_str().unwrap());
    }

    #[test]
    fn padding_a_prefix_and_the_case_of_digits_make_no_difference() {
        let mut it = data();
        it["chunk_data"] = json!("aGVsbG8");
        let digest = it["checksum"].as_str().unwrap().to_uppercase();
        it["checksum"] = json!(format!("sha256:{digest}"));
        assert_eq!(
            Chunk::parse(&it.to_string(), &workflow::IN_WORKFLOWS).unwrap().digest,
            Digest::of(b"hello")
        );
        let text = it.to_string().replace("aGVsbG8", "\\u0061GVsbG8");
        assert_eq!(Chunk::parse(&text, &workflow::IN_WORKFLOWS).unwrap().text, "aGVsbG8");
    }

    #[test]
    fn every_fault_is_named() {
        assert_eq!(
            faults(&json!({})),
            ["data_id", "total_chunks", "chunk_index", "chunk_data", "checksum"]
        );
        for (field, bad) in [
            ("data_id", json!("")),
            ("data_id", json!("a b")),
            ("data_id", json!("x".repeat(129))),
            ("chunk_index", json!(-1)),
            ("chunk_index", json!(6)),
            ("chunk_index", json!(0.5)),
            ("chunk_index", json!("1")),
            ("total_chunks", json!(0)),
            ("total_chunks", json!(-3)),
            ("chunk_data", json!("aGVsbG8==")),
            ("chunk_data", json!("aGVsbG_=")),
            ("chunk_data", json!("aGVs bG8=")),
            ("chunk_data", json!("aGVsbG9=")),
            ("chunk_data", json!(7)),
            ("checksum", json!("2cf24d")),
            ("checksum", json!("é".repeat(32))),
            (
                "checksum",
                json!("sha1:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"),
            ),
            ("checksum", json!("0".repeat(64))),
        ] {
            let mut it = data();
            it[field] = bad.clone();
            assert_eq!(faults(&it), [field], "{bad}");
        }
    }

    #[test]
    fn a_request_may_say_where_to_go_on() {
        let read = |it: Value| TransferCommand::fetch(&it.to_string(), "data_id");
        let data = Name::parse("d").unwrap();
        let from = |from| Ok(TransferCommand::Fetch { data: data.clone(), from });
        assert_eq!(read(json!({"data_id": "d"})), from(None));
        assert_eq!(read(json!({"data_id": "d", "from": null})), from(None));
        assert_eq!(read(json!({"data_id": "d", "from": 7})), from(Some(7)));
        for bad in [json!({}), json!({"data_id": "d", "from": -1}), json!({"data_id": 1})] {
            assert!(read(bad).is_err());
        }
    }
}
