//! What a character is to the search. The index on disk is made by this, so that it comes from
//! tables of its own, and not from those of a compiler's version of Unicode.

use Class::{Alone, Apart, Letter, Nothing};

/// What a character is in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Part of a word.
    Letter,
    /// A word by itself: scripts that write no spaces between words, and symbols.
    Alone,
    /// What stands between words.
    Apart,
    /// As if it was not there: accents, vowel points and what nobody can see.
    Nothing,
}

/// The last character of each stretch past ASCII, and what all of it is.
const STRETCHES: &[(u32, Class)] = &[
    (0xa9, Apart),
    (0xaa, Letter),
    (0xac, Apart),
    (0xad, Nothing), // The soft hyphen.
    (0xb4, Apart),
    (0xb5, Letter),
    (0xb9, Apart),
    (0xba, Letter),
    (0xbf, Apart),
    (0xd6, Letter),
    (0xd7, Apart), // The sign of multiplication, and below that of division.
    (0xf6, Letter),
    (0xf7, Apart),
    (0x2ff, Letter),
    (0x36f, Nothing), // Combining accents.
    (0x37d, Letter),
    (0x37e, Apart),
    (0x386, Letter),
    (0x387, Apart),
    (0x482, Letter),
    (0x489, Nothing),
    (0x559, Letter),
    (0x55f, Apart),
    (0x588, Letter),
    (0x590, Apart),
    (0x5bd, Nothing), // Hebrew points.
    (0x5be, Apart),
    (0x5bf, Nothing),
    (0x5c0, Apart),
    (0x5c2, Nothing),
    (0x5c3, Apart),
    (0x5c5, Nothing),
    (0x5c6, Apart),
    (0x5c7, Nothing),
    (0x5f2, Letter),
    (0x60f, Apart),
    (0x61a, Nothing),
    (0x61f, Apart),
    (0x63f, Letter),
    (0x640, Nothing), // Arabic stretching, and below vowel marks.
    (0x64a, Letter),
    (0x65f, Nothing),
    (0x669, Letter),
    (0x66d, Apart),
    (0x66f, Letter),
    (0x670, Nothing),
    (0x6d3, Letter),
    (0x6d4, Apart),
    (0x963, Letter),
    (0x965, Apart), // Dandas.
    (0xdff, Letter),
    (0xeff, Alone), // Thai and Lao.
    (0xfff, Letter),
    (0x109f, Alone), // Burmese.
    (0x10ff, Letter),
    (0x11ff, Alone), // Parts of Korean syllables.
    (0x1360, Letter),
    (0x1368, Apart),
    (0x167f, Letter),
    (0x1680, Apart),
    (0x177f, Letter),
    (0x17ff, Alone), // Khmer.
    (0x1aaf, Letter),
    (0x1aff, Nothing),
    (0x1dbf, Letter),
    (0x1dff, Nothing),
    (0x1fff, Letter),
    (0x200a, Apart),
    (0x200f, Nothing), // Joiners and marks of direction.
    (0x2029, Apart),
    (0x202e, Nothing),
    (0x205f, Apart),
    (0x206f, Nothing),
    (0x20cf, Apart),
    (0x20ff, Nothing),
    (0x218f, Letter),
    (0x2bff, Alone), // Arrows, signs and symbols.
    (0x2dff, Letter),
    (0x2e7f, Apart),
    (0x2fff, Alone), // From here on Chinese, Japanese, Korean and Yi.
    (0x3004, Apart),
    (0x3007, Alone),
    (0x3020, Apart),
    (0x302f, Alone),
    (0x3030, Apart),
    (0x303c, Alone),
    (0x3040, Apart),
    (0x309f, Alone),
    (0x30a0, Apart),
    (0x30fa, Alone),
    (0x30fb, Apart),
    (0xa4cf, Alone),
    (0xa95f, Letter),
    (0xa97f, Alone),
    (0xabff, Letter),
    (0xd7ff, Alone),
    (0xf8ff, Letter),
    (0xfaff, Alone),
    (0xfdff, Letter),
    (0xfe0f, Nothing), // Which look an emoji has.
    (0xfe1f, Apart),
    (0xfe2f, Nothing),
    (0xfe6f, Apart),
    (0xfefe, Letter),
    (0xfeff, Nothing),
    (0xff0f, Apart),
    (0xff19, Letter),
    (0xff20, Apart),
    (0xff3a, Letter),
    (0xff40, Apart),
    (0xff5a, Letter),
    (0xff65, Apart),
    (0xffdf, Alone),
    (0xffff, Apart),
    (0x1efff, Letter),
    (0x1f3fa, Alone), // Emoji, whose colours of skin are left out.
    (0x1f3ff, Nothing),
    (0x1ffff, Alone),
    (0x3ffff, Alone),
    (0x10_ffff, Nothing),
];

pub(super) fn class(it: char) -> Class {
    if it.is_ascii() {
        return if it.is_ascii_alphanumeric() { Letter } else { Apart };
    }
    let at = STRETCHES.partition_point(|(last, _)| *last < u32::from(it));
    STRETCHES.get(at).map_or(Nothing, |(_, class)| *class)
}

/// The letters from U+00C0 and from U+1E00 on without what is at them; a hyphen for what is a
/// letter of its own.
const LATIN: &[u8] =
    b"aaaaaa-ceeeeiiiidnooooo-ouuuuy--aaaaaa-ceeeeiiiidnooooo-ouuuuy-yaaaaaacccccccc\
ddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkk-llllllllllnnnnnn-nnoooooo--rrrrrrssssssssttttttuuuuuuu\
uuuuuwwyyyzzzzzzsbbbb---ccdddd----ffg---ikkl--nnooo--pp-----ttttuu-vyyzzz------------dddlllnnnaai\
ioouuuuuuuuuu-aaaa--ggggkkoooo--jdddgg--nnaa--ooaaaaeeeeiiiioooorrrruuuusstt--hhnd--zzaaeeooooooo\
oyylntj--accltsz--b--eejj-qrryy";
const MORE_LATIN: &[u8] =
    b"aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmmmmmmnnnnnn\
nnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvvwwwwwwwwwwxxxxyyzzzzzzhtwyasss--aaaaaaaaaaaa\
aaaaaaaaaaaaeeeeeeeeeeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy----yy";

/// Adds a letter as it is compared: small, and without accents.
pub(super) fn fold(it: char, to: &mut String) {
    let number = u32::from(it);
    let latin = match number {
        0xc0..0x250 => LATIN.get((number - 0xc0) as usize),
        0x1e00..0x1f00 => MORE_LATIN.get((number - 0x1e00) as usize),
        _ => None,
    };
    if let Some(letter) = latin.filter(|it| **it != b'-') {
        return to.push(char::from(*letter));
    }
    match number {
        0xc6 | 0xe6 | 0x1e2 | 0x1e3 | 0x1fc | 0x1fd => to.push_str("ae"),
        0xdf | 0x1e9e => to.push_str("ss"),
        0xde | 0xfe => to.push_str("th"),
        0x152 | 0x153 => to.push_str("oe"),
        _ => to.push(char::from_u32(small(number)).unwrap_or(it)),
    }
}

/// The small letter of scripts other than Latin, and of what is wide.
fn small(number: u32) -> u32 {
    match number {
        0x18f => 0x259, // The Azerbaijani schwa.
        // Greek.
        0x386 | 0x3ac => 0x3b1,
        0x388 | 0x3ad => 0x3b5,
        0x389 | 0x3ae => 0x3b7,
        0x38a | 0x390 | 0x3aa | 0x3af | 0x3ca => 0x3b9,
        0x38c | 0x3cc => 0x3bf,
        0x38e | 0x3ab | 0x3b0 | 0x3cb | 0x3cd => 0x3c5,
        0x38f | 0x3ce => 0x3c9,
        0x3c2 => 0x3c3, // The sigma at the end of a word.
        // Cyrillic.
        0x401 | 0x451 => 0x435,
        0x407 | 0x457 => 0x456,
        0x40e | 0x45e => 0x443,
        0x419 | 0x439 => 0x438,
        0x400..=0x40f => number + 0x50,
        // ASCII, Greek, Cyrillic.
        0x41..=0x5a | 0x391..=0x3a1 | 0x3a3..=0x3a9 | 0x410..=0x42f => number + 0x20,
        0x4c0 => 0x4cf,
        0x4c1..=0x4ce => number + number % 2,
        0x460..=0x481 | 0x48a..=0x4bf | 0x4d0..=0x52f => number | 1,
        // Armenian.
        0x531..=0x556 => number + 0x30,
        // Arabic.
        0x622 | 0x623 | 0x625 => 0x627,
        0x649 => 0x64a,
        // Wide digits and letters, as Japanese has them.
        0xff10..=0xff19 | 0xff41..=0xff5a => number - 0xfee0,
        0xff21..=0xff3a => number - 0xfee0 + 0x20,
        _ => number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        let mut folded = String::new();
        text.chars().filter(|it| class(*it) != Nothing).for_each(|it| fold(it, &mut folded));
        folded
    }

    #[test]
    fn the_stretches_are_in_order_and_end_with_unicode() {
        assert!(STRETCHES.is_sorted_by(|one, other| one.0 < other.0));
        assert_eq!(STRETCHES.last().map(|it| it.0), Some(u32::from(char::MAX)));
        assert_eq!((LATIN.len(), MORE_LATIN.len()), (0x250 - 0xc0, 0x100));
    }

    /// Of what the standard library calls so; some hundred ancient signs are left to be letters.
    #[test]
    fn letters_and_digits_are_looked_for_and_spaces_stand_between() {
        for it in '\u{80}'..=char::MAX {
            let number = u32::from(it);
            if it.is_whitespace() {
                assert_eq!(class(it), Apart, "U+{number:04X}");
            }
            // Numbers in circles and above the line.
            let is_small = matches!(number, 0xb2..=0xbe | 0x2070..=0x209f | 0x2e2f);
            // Signs that stand for vowels, and are written at letters.
            let is_at_letter =
                matches!(number, 0x300..0x370 | 0x5b0..0x671 | 0x1aab..0x1b00 | 0x1dc0..0x1e00);
            let is_past = 0x3_ffff < number;
            if it.is_alphanumeric() && !is_small && !is_at_letter && !is_past {
                assert!(matches!(class(it), Letter | Alone), "U+{number:04X} {:?}", class(it));
            }
        }
    }

    #[test]
    fn what_differs_by_case_and_accents_alone_is_the_same() {
        for (one, other) in [
            ("Grüße aus KÖLN", "grusse aus koln"),
            ("Łódź, Ærø, Þór, œuvre", "lodz, aero, thor, oeuvre"),
            ("Cafe\u{301} CAFÉ\u{feff}", "cafe cafe"),
            ("Tiếng Việt", "tieng viet"),
            ("İSTANBUL ılık", "istanbul ilik"),
            ("ΟΔΥΣΣΕΎΣ", "οδυσσευσ"),
            ("Ёлка Йод Қазақ Ѝ", "елка иод қазақ ѝ"),
            ("И\u{306}од", "Йод"),
            ("שָׁלוֹם", "שלום"),
            ("مُحَمَّد أحمد", "محمد احمد"),
            ("ＡＢｃ１２", "abc12"),
            ("हिन्दी", "हिन्दी"),
        ] {
            assert_eq!(folded(one), folded(other), "{one}");
        }
        assert_eq!(folded("Grüße"), "grusse");
        assert_ne!(folded("が"), folded("か"));
    }

    /// Of letters whose accents it knows of: `unicode61 remove_diacritics 2`.
    #[test]
    fn sqlite_takes_the_same_accents_off() {
        let database = rusqlite::Connection::open_in_memory().unwrap();
        let make = "CREATE VIRTUAL TABLE t USING fts5(x, tokenize='unicode61 remove_diacritics 2');
            CREATE VIRTUAL TABLE v USING fts5vocab(t, 'instance')";
        database.execute_batch(make).unwrap();
        for number in (0xc0..0x250).chain(0x1e00..0x1f00) {
            let it = char::from_u32(number).unwrap().to_string();
            let insert = "INSERT INTO t (rowid, x) VALUES (?, ?)";
            database.execute(insert, rusqlite::params![number, it]).unwrap();
        }
        let mut statement = database.prepare("SELECT term, doc FROM v").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let mut looked = 0;
        for row in rows {
            let (term, number): (String, u32) = row.unwrap();
            if term.is_ascii() {
                looked += 1;
                assert_eq!(folded(&char::from_u32(number).unwrap().to_string()), term);
            }
        }
        assert!(400 < looked, "{looked}");
    }

    /// What is compared is not changed by being compared: the index and what is asked agree.
    #[test]
    fn what_is_folded_stays_so() {
        for it in (0..=0xffff).filter_map(char::from_u32) {
            let once = folded(&it.to_string());
            assert_eq!(folded(&once), once, "U+{:04X}", u32::from(it));
            assert!(!once.bytes().any(|it| it.is_ascii_uppercase()), "{it}");
        }
    }
}
