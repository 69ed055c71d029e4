//! The tables of all features, as the history calls them.

use std::convert::Infallible;
use std::marker::PhantomData;
use std::rc::Rc;

use super::{Feature, Found, Never, Query, Stored, Write, features};
use crate::database::{Database, Step};
use crate::message::{Added, Body, Entry, EntryKind, Millis, Offset, UserId};

/// The log, as far as features look things up in it.
pub(crate) trait Log {
    /// How it fails.
    type Error;

    /// The entry at this position, while it is kept.
    fn entry(&self, offset: Offset) -> Result<Option<Rc<Entry>>, Self::Error>;

    /// The kept entries between these positions, both included, in their order, whoever may see
    /// them: those at the lower end, or at the upper one, but no more than a few, of a MiB
    /// together. One at least, if there is any.
    fn some(&self, between: (Offset, Offset), end: End) -> Result<Vec<Rc<Entry>>, Self::Error>;

    /// The authors of what was accepted since `since`, from `first` to `head`, in their order, and
    /// how many entries of this kind each added.
    fn authors(
        &self,
        since: Millis,
        first: Offset,
        head: Offset,
        kind: EntryKind,
    ) -> Result<Vec<(UserId, u64)>, Self::Error>;
}

/// An end of the log, or of a stretch of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Where it began.
    Lower,
    /// Where it goes on.
    Upper,
}

/// Entries that are shown to somebody.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown<'a> {
    /// In the order of the log; never none.
    pub(crate) entries: &'a [Rc<Entry>],
    /// To whom.
    pub(crate) viewer: &'a UserId,
    /// Whether they are the log as it is, to which is added only that nothing is left of one.
    pub(crate) raw: bool,
    /// Whether times are milliseconds since 1970.
    pub(crate) exact: bool,
    /// How many bytes of JSON there is room for beside an entry.
    pub(crate) bytes_max: fn(&Entry) -> usize,
}

/// Takes what one more feature adds.
fn add(all: &mut Added, own: Added) {
    for (offset, mut members) in own {
        all.entry(offset).or_default().append(&mut members);
    }
}

/// The tables of one feature. One that has none says only what its memory is.
pub(crate) trait Tables: Feature {
    /// Their twin in memory.
    type Memory: Twin<Write = Self::Write, Stored = Self::Stored, Query = Self::Query, Found = Self::Found>;

    /// The steps that make its tables. Their numbers are unique among those of all features and of
    /// the history, and append-only: the next one is one past the last (`history` has a test).
    const MIGRATIONS: &'static [Step] = &[];
    /// Its tables: an erased room's are empty.
    const TABLES: &'static [&'static str] = &[];
    /// Its keys in `meta` that an erased room does not have.
    const META: &'static [&'static str] = &[];
    /// What a wake reads, if anything: five columns, of which the first says [`Self::TAG`], the
    /// next two are texts and the last two are numbers.
    const WAKE: Option<&'static str> = None;
    /// What rows of [`Self::WAKE`] begin with.
    const TAG: &'static str = "";

    /// Makes these durable, in their order.
    fn write<D: Database>(_: &D, _: &[&Self::Write]) -> Result<(), D::Error> {
        Ok(())
    }

    /// Looks something up, in its tables or in the log. What it has made of the log for that alone
    /// may be brought up to date first.
    fn find<D: Database>(
        _: &D,
        _: &impl Log<Error = D::Error>,
        _: &Self::Query,
    ) -> Result<Self::Found, D::Error> {
        Ok(Self::Found::default())
    }

    /// Keeps what an entry that was added to the log leaves beside its row.
    fn appended<D: Database>(_: &D, _: &Entry) -> Result<(), D::Error> {
        Ok(())
    }

    /// Follows an entry that says something else from now on, or nothing any more.
    fn amended<D: Database>(_: &D, _: Offset, _: Option<&Body>) -> Result<(), D::Error> {
        Ok(())
    }

    /// What is shown of entries beside themselves.
    fn complete<D: Database>(_: &D, _: &Shown<'_>) -> Result<Added, D::Error> {
        Ok(Added::new())
    }

    /// Forgets what belongs to entries before this one, which the log no longer keeps.
    fn trimmed<D: Database>(_: &D, _: Offset) -> Result<(), D::Error> {
        Ok(())
    }

    /// Forgets what belongs to requests that are older than this.
    fn prune<D: Database>(_: &D, _: Offset, _: Millis) -> Result<(), D::Error> {
        Ok(())
    }

    /// Forgets everything, with the room that is erased.
    fn erased<D: Database>(database: &D) -> Result<(), D::Error> {
        for table in Self::TABLES {
            database.run(&format!("DELETE FROM {table}"), &[])?;
        }
        for key in Self::META {
            database.run("DELETE FROM meta WHERE key = ?", &[(*key).into()])?;
        }
        Ok(())
    }

    /// Takes a row of [`Self::WAKE`], if it can be read.
    fn wake(_: &mut Self::Stored, _: Woken) -> Option<()> {
        None
    }

    /// Takes what it has in `meta`.
    fn wake_meta(_: &mut Self::Stored, _: &[(String, String)]) {}
}

/// The in-memory twin of a feature's tables.
pub(crate) trait Twin: Default {
    /// What it makes durable.
    type Write;
    /// What a wake finds.
    type Stored;
    /// What it looks up.
    type Query;
    /// What is found.
    type Found;

    /// See [`Tables::write`].
    fn write(&mut self, write: &Self::Write);
    /// See [`Tables::find`].
    fn find(&self, log: &impl Log<Error = Infallible>, query: &Self::Query) -> Self::Found;
    /// See [`Tables::appended`].
    fn appended(&mut self, _: &Entry) {}
    /// See [`Tables::amended`].
    fn amended(&mut self, _: Offset, _: Option<&Body>) {}
    /// See [`Tables::complete`].
    fn complete(&self, _: &Shown<'_>) -> Added {
        Added::new()
    }
    /// See [`Tables::trimmed`].
    fn trimmed(&mut self, _: Offset) {}
    /// See [`Tables::prune`].
    fn prune(&mut self, _: Offset, _: Millis) {}
    /// What is left when the room is erased.
    fn erased(self) -> Self {
        Self::default()
    }
    /// What a wake finds.
    fn stored(&self) -> Self::Stored;
}

/// The twin of no tables.
#[derive(Debug)]
pub(crate) struct NoTables<F>(PhantomData<F>);

impl<F> Clone for NoTables<F> {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl<F> Default for NoTables<F> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<F> Twin for NoTables<F> {
    type Write = Never<F>;
    type Stored = ();
    type Query = Never<F>;
    type Found = ();

    fn find(&self, _: &impl Log<Error = Infallible>, query: &Never<F>) {
        query.never()
    }
    fn write(&mut self, write: &Never<F>) {
        write.never()
    }
    fn stored(&self) {}
}

/// A row that a wake has read, without its tag.
pub(crate) struct Woken {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) number: u64,
    pub(crate) at: u64,
}

macro_rules! tables {
    ($($(#[$about:meta])* $module:ident: $name:ident;)*) => {
        /// The steps that make their tables.
        pub(crate) const MIGRATIONS: &[&[Step]] =
            &[$(<super::$module::$name as Tables>::MIGRATIONS,)*];

        /// What a wake reads of them.
        pub(crate) const WAKES: &[Option<&str>] = &[$(<super::$module::$name as Tables>::WAKE,)*];

        /// See [`Tables::write`].
        pub(crate) fn write<D: Database>(database: &D, writes: &[&Write]) -> Result<(), D::Error> {
            let mut rest = writes;
            while let Some(first) = rest.first() {
                let count = match first {
                    $(Write::$name(_) => {
                        let own: Vec<&<super::$module::$name as Feature>::Write> =
                            rest.iter().copied().map_while(|it| {
                                if let Write::$name(it) = it { Some(it) } else { None }
                            }).collect();
                        <super::$module::$name as Tables>::write(database, &own)?;
                        own.len()
                    })*
                };
                rest = rest.get(count..).unwrap_or_default();
            }
            Ok(())
        }

        /// See [`Tables::find`].
        pub(crate) fn find<D: Database>(
            database: &D,
            log: &impl Log<Error = D::Error>,
            query: &Query,
        ) -> Result<Found, D::Error> {
            Ok(match query {
                $(Query::$name(it) => Found::$name(
                    <super::$module::$name as Tables>::find(database, log, it)?
                ),)*
            })
        }

        /// See [`Tables::appended`].
        pub(crate) fn appended<D: Database>(database: &D, entry: &Entry) -> Result<(), D::Error> {
            $(<super::$module::$name as Tables>::appended(database, entry)?;)*
            Ok(())
        }

        /// See [`Tables::amended`].
        pub(crate) fn amended<D: Database>(
            database: &D,
            offset: Offset,
            body: Option<&Body>,
        ) -> Result<(), D::Error> {
            $(<super::$module::$name as Tables>::amended(database, offset, body)?;)*
            Ok(())
        }

        /// See [`Tables::complete`].
        pub(crate) fn complete<D: Database>(
            database: &D,
            shown: &Shown<'_>,
        ) -> Result<Added, D::Error> {
            let mut all = Added::new();
            $(add(&mut all, <super::$module::$name as Tables>::complete(database, shown)?);)*
            Ok(all)
        }

        /// See [`Tables::trimmed`].
        pub(crate) fn trimmed<D: Database>(database: &D, first: Offset) -> Result<(), D::Error> {
            $(<super::$module::$name as Tables>::trimmed(database, first)?;)*
            Ok(())
        }

        /// See [`Tables::prune`].
        pub(crate) fn prune<D: Database>(
            database: &D,
            from: Offset,
            since: Millis,
        ) -> Result<(), D::Error> {
            $(<super::$module::$name as Tables>::prune(database, from, since)?;)*
            Ok(())
        }

        /// See [`Tables::erased`].
        pub(crate) fn erased<D: Database>(database: &D) -> Result<(), D::Error> {
            $(<super::$module::$name as Tables>::erased(database)?;)*
            Ok(())
        }

        /// Takes a row of [`WAKES`].
        pub(crate) fn wake(stored: &mut Stored, tag: &str, row: Woken) -> Option<()> {
            $(if tag == <super::$module::$name as Tables>::TAG {
                return <super::$module::$name as Tables>::wake(&mut stored.$module, row);
            })*
            None
        }

        /// See [`Tables::wake_meta`].
        pub(crate) fn wake_meta(stored: &mut Stored, meta: &[(String, String)]) {
            $(<super::$module::$name as Tables>::wake_meta(&mut stored.$module, meta);)*
        }

        /// The in-memory twins of their tables.
        #[derive(Clone, Debug, Default)]
        pub(crate) struct Twins {
            $(pub(crate) $module: <super::$module::$name as Tables>::Memory,)*
        }

        impl Twin for Twins {
            type Write = Write;
            type Stored = Stored;
            type Query = Query;
            type Found = Found;

            fn write(&mut self, write: &Write) {
                match write {
                    $(Write::$name(it) => self.$module.write(it),)*
                }
            }
            fn find(&self, log: &impl Log<Error = Infallible>, query: &Query) -> Found {
                match query {
                    $(Query::$name(it) => Found::$name(self.$module.find(log, it)),)*
                }
            }
            fn appended(&mut self, entry: &Entry) {
                $(self.$module.appended(entry);)*
            }
            fn amended(&mut self, offset: Offset, body: Option<&Body>) {
                $(self.$module.amended(offset, body);)*
            }
            fn complete(&self, shown: &Shown<'_>) -> Added {
                let mut all = Added::new();
                $(add(&mut all, self.$module.complete(shown));)*
                all
            }
            fn trimmed(&mut self, first: Offset) {
                $(self.$module.trimmed(first);)*
            }
            fn prune(&mut self, from: Offset, since: Millis) {
                $(self.$module.prune(from, since);)*
            }
            fn erased(self) -> Self {
                Self { $($module: self.$module.erased(),)* }
            }
            fn stored(&self) -> Stored {
                Stored { $($module: self.$module.stored(),)* }
            }
        }
    };
}

features!(tables);
