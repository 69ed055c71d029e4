//! Which words are found (S2).

use crate::search::{a_chat, found};

#[test]
fn s2_messages_are_found_in_any_language() {
    let mut world = a_chat(&[
        "Grüße aus Köln",
        "Der Straßenname, 東京タワーへ行きました",
        "我们明天去北京大学",
        "Приём, Ёлка!",
        "สวัสดีชาวโลก",
        "מה שלום",
        "done 🎉",
        "학교에서 만나요",
    ]);
    for (text, at) in [
        ("grusse koln", 1),
        ("KÖLN", 1),
        ("strassen*", 2),
        ("東京", 2),
        ("タワー", 2),
        ("北京", 3),
        ("大学", 3),
        ("明", 3),
        ("елка", 4),
        ("ชาว", 5),
        ("שלום", 6),
        ("🎉", 7),
        ("학교", 8),
    ] {
        assert_eq!(found(&mut world, text), [at], "{text}");
    }
    for text in ["京東", "koln tower", "kol", "\"aus grusse\""] {
        assert_eq!(found(&mut world, text), [0; 0], "{text}");
    }
}

/// Those of these texts in which each of these stands.
fn finds_each(texts: &[&str], asked: &[(&str, &[u64])]) {
    let mut world = a_chat(texts);
    for (text, at) in asked {
        assert_eq!(found(&mut world, text), *at, "{text}");
    }
}

#[test]
fn s2_every_word_of_latin_scripts_is_found() {
    finds_each(
        &[
            "Grüße aus Köln",
            "Die Straße ist gesperrt",
            "Wir treffen uns um 9 in Zürich",
            "Ärger mit dem Server",
            "Das Öl ist leer",
            "ja, ok",
            "Café au lait, s'il vous plaît",
            "Łódź and São Paulo",
            "He is at the API",
            "go to CI now",
        ],
        &[
            ("grüsse", &[1]),
            ("koln", &[1]),
            ("strasse", &[2]),
            ("straße", &[2]),
            ("um", &[3]),
            ("9", &[3]),
            ("zurich", &[3]),
            ("arger", &[4]),
            ("öl", &[5]),
            ("ok", &[6]),
            ("ja", &[6]),
            ("cafe", &[7]),
            ("plait", &[7]),
            ("lodz", &[8]),
            ("sao", &[8]),
            ("api", &[9]),
            ("ci", &[10]),
            ("go", &[10]),
            ("server", &[4]),
        ],
    );
}

#[test]
fn s2_every_word_of_chinese_and_japanese_is_found() {
    finds_each(
        &[
            "東京タワーへ行きました",
            "明日は会議があります",
            "我们明天去北京大学",
            "请看会议记录",
            "今天天气很好",
            "サーバーが落ちた",
            "資料を送ってください",
            "上海的天气怎么样",
            "お疲れ様です",
            "寿司を食べたい",
        ],
        &[
            ("東京", &[1]),
            ("タワー", &[1]),
            ("会議", &[2]),
            ("明日", &[2]),
            ("北京", &[3]),
            ("大学", &[3]),
            ("北京大学", &[3]),
            ("会议", &[4]),
            ("天气", &[8, 5]),
            ("サーバー", &[6]),
            ("資料", &[7]),
            ("上海", &[8]),
            ("疲れ", &[9]),
            ("寿司", &[10]),
            ("京", &[3, 1]),
        ],
    );
}
