//! What is filled into the command line's templates.

/// Fills `{room}` of a URL.
pub fn url(template: &str, room: u64) -> String {
    template.replace("{room}", &room.to_string())
}

/// A message with `{tag}`, which says who sent it and as the how-manieth, and `{pad}`,
/// which brings it to its size.
pub struct Message {
    template: String,
    size: usize,
}

impl Message {
    pub fn new(template: String, size: usize) -> Self {
        Self { template, size }
    }

    /// Whether its deliveries can be told apart.
    pub fn is_tagged(&self) -> bool {
        self.template.contains("{tag}")
    }

    pub fn fill(&self, publisher: usize, number: u64) -> String {
        let tagged = self.template.replace("{tag}", &format!("@{publisher}.{number};"));
        let pad = (self.size + "{pad}".len()).saturating_sub(tagged.len());
        tagged.replace("{pad}", &"x".repeat(pad))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_its_tag_and_its_size() {
        let message = Message::new(r#"{"content":"{tag}{pad}"}"#.into(), 40);
        assert_eq!(message.fill(7, 12), r#"{"content":"@7.12;xxxxxxxxxxxxxxxxxxxx"}"#);
        assert_eq!(message.fill(7, 123_456_789).len(), 40);
        assert!(message.is_tagged());
    }
}
