//! Characters that show nothing themselves. A name that holds them can look like another name,
//! or change how the text around it is shown.

use std::ops::RangeInclusive;

/// Format characters: general category Cf of Unicode 16.0 (`DerivedGeneralCategory.txt`).
const FORMAT: [RangeInclusive<char>; 21] = [
    '\u{AD}'..='\u{AD}',
    '\u{600}'..='\u{605}',
    '\u{61C}'..='\u{61C}',
    '\u{6DD}'..='\u{6DD}',
    '\u{70F}'..='\u{70F}',
    '\u{890}'..='\u{891}',
    '\u{8E2}'..='\u{8E2}',
    '\u{180E}'..='\u{180E}',
    '\u{200B}'..='\u{200F}',
    '\u{202A}'..='\u{202E}',
    '\u{2060}'..='\u{2064}',
    '\u{2066}'..='\u{206F}',
    '\u{FEFF}'..='\u{FEFF}',
    '\u{FFF9}'..='\u{FFFB}',
    '\u{110BD}'..='\u{110BD}',
    '\u{110CD}'..='\u{110CD}',
    '\u{13430}'..='\u{1343F}',
    '\u{1BCA0}'..='\u{1BCA3}',
    '\u{1D173}'..='\u{1D17A}',
    '\u{E0001}'..='\u{E0001}',
    '\u{E0020}'..='\u{E007F}',
];

/// Separators of lines (Zl, Zp), and fillers, which have another category and show nothing either:
/// the combining grapheme joiner, Hangul and Khmer fillers, the empty Braille pattern.
const BLANK: [RangeInclusive<char>; 7] = [
    '\u{34F}'..='\u{34F}',
    '\u{115F}'..='\u{1160}',
    '\u{17B4}'..='\u{17B5}',
    '\u{2028}'..='\u{2029}',
    '\u{2800}'..='\u{2800}',
    '\u{3164}'..='\u{3164}',
    '\u{FFA0}'..='\u{FFA0}',
];

/// Variation selectors choose how the character before them is drawn, as in ❤️. They stay, but
/// alone they show nothing.
const SELECTORS: RangeInclusive<char> = '\u{FE00}'..='\u{FE0F}';

/// Whether this is a control character (Cc), a format character (Cf), or shows nothing.
pub(super) fn is_invisible(it: char) -> bool {
    it.is_control() || FORMAT.iter().chain(&BLANK).any(|range| range.contains(&it))
}

/// The text without such characters; `None` if nothing is left to see.
///
/// The joiner of emoji sequences (U+200D) is one of them: a family becomes its members.
pub(super) fn visible(text: &str) -> Option<String> {
    let left: String = text.chars().filter(|it| !is_invisible(*it)).collect();
    let shows = |it: char| !it.is_whitespace() && !SELECTORS.contains(&it);
    left.contains(shows).then_some(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ranges_are_in_order_and_do_not_touch() {
        for ranges in [&FORMAT[..], &BLANK[..]] {
            for pair in ranges.windows(2) {
                assert!(u32::from(*pair[0].end()) + 1 < u32::from(*pair[1].start()), "{pair:?}");
            }
        }
        let format: usize = FORMAT.iter().map(|it| it.clone().count()).sum();
        assert_eq!(format, 170, "so many characters are Cf in Unicode 16.0");
    }

    #[test]
    fn what_shows_nothing_is_dropped() {
        for (text, shown) in [
            ("Ann", "Ann"),
            ("Ann\u{202E}nnA", "AnnnnA"),
            ("\u{FEFF}A\u{200B}n\u{AD}n\0\u{1B}[31m\u{2066}", "Ann[31m"),
            ("A\nn\tn\u{85}\u{2028}", "Ann"),
            ("Zoë ❤\u{FE0F} 李", "Zoë ❤\u{FE0F} 李"),
            ("👩\u{200D}👧", "👩👧"),
            ("می\u{200C}خواهم", "میخواهم"),
        ] {
            assert_eq!(visible(text).as_deref(), Some(shown), "{text:?}");
        }
        for text in ["", "  ", "\u{202E}\0", "\u{3164}", "\u{2800} \u{A0}", "\u{FE0F}", "\u{E0041}"]
        {
            assert_eq!(visible(text), None, "{text:?}");
        }
    }
}
