//! Bytes, taken one by one as choices. There is no end of them: what is missing is zero.

pub(crate) struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    pub(crate) fn new(input: &'a [u8]) -> Self {
        Self(input)
    }

    pub(crate) fn are_left(&self) -> bool {
        !self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// A number below this one.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        usize::from(self.byte()) % count
    }

    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// A number of any size, small ones mostly.
    pub(crate) fn number(&mut self) -> u64 {
        match self.byte() {
            it @ 0..200 => u64::from(it),
            it => {
                let bytes = 1 + usize::from(it - 200) % 8;
                (0..bytes).fold(0, |sum, _| sum << 8 | u64::from(self.byte()))
            }
        }
    }

    /// So many bytes, or what is left.
    pub(crate) fn some(&mut self, count: usize) -> &'a [u8] {
        let (some, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        some
    }

    /// What comes before the next line feed.
    pub(crate) fn line(&mut self) -> String {
        let end = self.0.iter().position(|it| *it == b'\n').unwrap_or(self.0.len());
        let line = self.some(end);
        self.byte();
        text(line)
    }

    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }
}

/// Bytes as the text of a frame, which the platform hands over as Unicode.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
