//! Bodies said once: a struct whose fields give both the schema in the document and how they are read.

use super::place::{Place, Readable};
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{ParseFromJSON, ParseResult, ToJSON, Type};
use serde_json::Value;
use std::borrow::Cow;

/// Declares a body. A field that may be left out is an `Option`. With `together`, a function of the object looks at which
/// fields stand beside each other, before any of them is read: what it refuses is told with all else that is wrong. With
/// `then`, a function of the value has the last word: it fills in what was left out.
macro_rules! body {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $kind:ty,)*
        }
        $(together $together:ident)?
        $(then $then:path)?
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, poem_openapi::Object)]
        $vis struct $name {
            $($(#[$field_meta])* $field_vis $field: $kind,)*
        }

        impl $crate::serve::body::Body for $name {
            fn read(object: &mut $crate::serve::body::Object<'_>) -> Option<Self> {
                $($together(object);)?
                $(let $field = object.take::<$kind>(stringify!($field));)*
                let read = Some($name { $($field: $field?,)* });
                $(let read = read.map($then);)?
                read
            }
        }
    };
}

pub(crate) use body;

/// A list of one to `MOST`.
#[derive(Debug, Clone)]
pub(crate) struct Items<T, const MOST: usize>(pub Vec<T>);

impl<T: Readable, const MOST: usize> Readable for Items<T, MOST> {
    fn take(place: Place<'_>) -> Option<Self> {
        place.list(1..=MOST).map(Items)
    }
}

impl<T: Type, const MOST: usize> Type for Items<T, MOST> {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        format!("[{}]", T::name()).into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            items: Some(Box::new(T::schema_ref())),
            min_items: Some(1),
            max_items: Some(MOST),
            ..MetaSchema::new("array")
        }))
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl<T: ParseFromJSON, const MOST: usize> ParseFromJSON for Items<T, MOST> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        Vec::parse_from_json(value).map(Items).map_err(|error| error.propagate())
    }
}

impl<T: ToJSON, const MOST: usize> ToJSON for Items<T, MOST> {
    fn to_json(&self) -> Option<Value> {
        self.0.to_json()
    }
}
