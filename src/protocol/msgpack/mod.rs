//! MessagePack as JSON, and JSON as MessagePack: one pass over the bytes, nothing built in between.
//!
//! What a client sends is JSON for everything behind this door, so whatever JSON cannot say is
//! refused here: extension types, numbers that are none, integers that JavaScript cannot count, keys
//! that are no strings or stand twice. Nothing is allocated by a length that is only promised.
//!
//! Bytes (`bin`) are the `data` of a message or of an entry that is shown, or the `chunk` in that data,
//! or in the `params` of what a client sends. In JSON they are base64; of the server's, beside
//! `"encoding":"base64"`.

mod read;
mod write;

pub use read::to_json;
pub use write::{array, from_json};

/// Largest integer that every client can count.
const INTEGER_MAX: u64 = 1 << 53;

#[cfg(test)]
mod tests {
    use super::*;

    fn json(bytes: &[u8]) -> Option<String> {
        to_json(bytes)
    }

    fn there_and_back(text: &str) -> Option<String> {
        json(&from_json(text)?)
    }

    #[test]
    fn n49_what_json_can_say_comes_back_as_it_was() {
        for text in [
            "{}",
            "[]",
            r#"{"a":null,"b":true,"c":false,"z":"","y":"\"\\\n\u0001ä😀"}"#,
            "[0,127,128,255,256,65535,65536,4294967295,4294967296,9007199254740992]",
            "[-1,-32,-33,-128,-129,-32768,-32769,-2147483648,-2147483649,-9007199254740992]",
            "[0.5,-1.25,1e+300,1e-7]",
        ] {
            assert_eq!(there_and_back(text).as_deref(), Some(text));
        }
        for length in [0, 15, 16, 31, 32, 255, 256, 65_535, 65_536] {
            let text = format!("\"{}\"", "x".repeat(length));
            assert_eq!(there_and_back(&text), Some(text));
            let list = format!("[{}]", vec!["7"; length].join(","));
            assert_eq!(there_and_back(&list), Some(list));
            let members: Vec<_> = (0..length).map(|it| format!("\"{it}\":[]")).collect();
            let map = format!("{{{}}}", members.join(","));
            assert_eq!(there_and_back(&map), Some(map));
        }
    }

    #[test]
    fn n50_whole_numbers_become_integers_whatever_they_are_spelled_like() {
        let bytes = |text: &str| from_json(text).unwrap();
        assert_eq!(bytes(" [ 1.0 , 1e2 ,-0 ] "), [0x93, 1, 100, 0]);
        assert_eq!(bytes("1e300")[0], 0xcb);
        assert_eq!(bytes("9007199254740994")[0], 0xcb, "past 2^53");
        assert_eq!(bytes("200"), [0xcc, 200]);
    }

    #[test]
    fn n51_bytes_are_the_data_of_what_is_said_and_stand_nowhere_else() {
        let said = [b"\x82\xa4type\xa1x\xa4data\xc4\x02\x00\xff".as_slice()].concat();
        let text = r#"{"type":"x","data":"AP8=","encoding":"base64"}"#;
        assert_eq!(json(&said).as_deref(), Some(text));
        let list = [b"\x91".as_slice(), &said].concat();
        assert_eq!(json(&list), Some(format!("[{text}]")));
        for elsewhere in [
            b"\x81\xa4type\xc4\x01x".as_slice(),
            b"\xc4\x01x",
            b"\x91\xc4\x01x",
            b"\x81\xa4data\x81\xa4data\xc4\x01x",
            b"\x91\x91\x81\xa4data\xc4\x01x",
        ] {
            assert_eq!(json(elsewhere), None, "{elsewhere:x?}");
        }
        let out = r#"{"entries":[{"encoding":"base64","data":"AP8="}]}"#;
        assert_eq!(from_json(out).unwrap(), b"\x81\xa7entries\x91\x81\xa4data\xc4\x02\x00\xff");
        let theirs = r#"{"data":{"encoding":"base64","data":"AP8="}}"#;
        assert_eq!(there_and_back(theirs).as_deref(), Some(theirs));
    }

    #[test]
    fn n52_a_chunk_is_bytes_in_the_params_and_in_the_data_of_what_says_so() {
        let put = b"\x82\xa4type\xa1x\xa6params\x81\xa5chunk\xc4\x02\x00\xff".as_slice();
        let text = r#"{"type":"x","params":{"chunk":"AP8="}}"#;
        assert_eq!(json(put).as_deref(), Some(text));
        for elsewhere in [
            b"\x81\xa5chunk\xc4\x01x".as_slice(),
            b"\x81\xa6params\xc4\x01x",
            b"\x81\xa6params\x81\xa1a\xc4\x01x",
            b"\x81\xa6params\x81\xa5chunk\x91\xc4\x01x",
            b"\x81\xa6params\x81\xa1a\x81\xa5chunk\xc4\x01x",
            b"\x81\xa4data\x81\xa5chunk\xc4\x01x",
        ] {
            assert_eq!(json(elsewhere), None, "{elsewhere:x?}");
        }
        for padded in ["AP8=", "AP8"] {
            let out =
                format!(r#"{{"encoding":"base64","data":{{"a":"AP8=","chunk":"{padded}"}}}}"#);
            let packed = b"\x81\xa4data\x82\xa1a\xa4AP8=\xa5chunk\xc4\x02\x00\xff";
            assert_eq!(from_json(&out).unwrap(), packed);
        }
        let theirs = r#"{"data":{"chunk":"AP8="},"params":{"chunk":"AP8="}}"#;
        assert_eq!(there_and_back(theirs).as_deref(), Some(theirs));
    }

    #[test]
    fn n49_whatever_json_cannot_say_is_refused() {
        let nan = [[0xcb].as_slice(), &f64::NAN.to_be_bytes()].concat();
        let infinite = [[0xcb].as_slice(), &f64::INFINITY.to_be_bytes()].concat();
        let small_nan = [[0xca].as_slice(), &f32::NAN.to_be_bytes()].concat();
        let deep = |levels: usize| [vec![0x91; levels], vec![0xc0]].concat();
        for (what, bytes) in [
            ("nothing", vec![]),
            ("no type", vec![0xc1]),
            ("an extension", vec![0xd4, 1, 0]),
            ("a long extension", vec![0xc7, 1, 1, 0]),
            ("a timestamp", vec![0xd6, 0xff, 0, 0, 0, 0]),
            ("NaN", nan),
            ("infinity", infinite),
            ("NaN in four bytes", small_nan),
            ("past 2^53", [[0xcf].as_slice(), &((1u64 << 53) + 1).to_be_bytes()].concat()),
            ("below -2^53", [[0xd3].as_slice(), &(-(1i64 << 53) - 1).to_be_bytes()].concat()),
            ("a key twice", vec![0x82, 0xa1, b'a', 1, 0xa1, b'a', 2]),
            ("a number as a key", vec![0x81, 1, 1]),
            ("no UTF-8", vec![0xa1, 0xff]),
            ("cut off", vec![0x92, 1]),
            ("more than one", vec![1, 1]),
            ("a promise of 4 GiB of text", vec![0xdb, 0xff, 0xff, 0xff, 0xff, b'x']),
            ("a promise of 4 Gi values", vec![0xdd, 0xff, 0xff, 0xff, 0xff, 1]),
            ("a promise of 4 Gi members", vec![0xdf, 0xff, 0xff, 0xff, 0xff, 0xa1, b'x', 1]),
            ("nested 34 deep", deep(34)),
            ("nested 10,000 deep", deep(10_000)),
        ] {
            assert_eq!(json(&bytes), None, "{what}");
        }
        assert!(json(&deep(33)).is_some(), "a list of one that is 32 deep");
    }

    #[test]
    fn n49_no_bytes_at_all_make_it_fail() {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        for length in (0..64).cycle().take(20_000) {
            let bytes: Vec<u8> = (0..length)
                .map(|_| {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    state.to_be_bytes()[0]
                })
                .collect();
            if let Some(text) = json(&bytes) {
                assert!(
                    serde_json::from_str::<&serde_json::value::RawValue>(&text).is_ok(),
                    "{text}"
                );
            }
        }
    }
}
