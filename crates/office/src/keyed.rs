//! Words of a closed list, each with the key that tables keep and the label that people read, written down once.

/// An enumeration whose variants have a key and a label: `Week = "week", "a week before";`.
macro_rules! keyed {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $key:literal, $label:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// Every one, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The word that tables keep.
            pub fn key(self) -> &'static str {
                match self { $($name::$variant => $key,)+ }
            }

            /// In the words that people use.
            pub fn label(self) -> &'static str {
                match self { $($name::$variant => $label,)+ }
            }

            /// The one with this key.
            pub fn from_key(key: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|one| one.key() == key)
            }
        }
    };
}

pub(crate) use keyed;
