//! Parameters of the path, the query and the headers: the framework's own, which besides can be asked how each is read. It
//! stops at the first that is wrong; with this, one answer names all of them.

use poem::{Request, RequestBody, Result};
use poem_openapi::param;
use poem_openapi::registry::{MetaParamIn, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::ParseFromParameter;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use std::cell::RefCell;

/// Reads the values that were sent for a parameter; what is wrong with them, in the framework's words.
pub(crate) type Check = fn(&[String]) -> Result<(), String>;

thread_local! {
    /// The checks of the parameters that are being described, while somebody asks for them.
    static ASKED: RefCell<Option<Vec<Check>>> = const { RefCell::new(None) };
}

/// Runs `describe`, which has declarations describe themselves, and returns with it how their parameters are read. Each then
/// has its place in that list for a schema; [`place`] reads it.
pub(crate) fn with_checks<R>(describe: impl FnOnce() -> R) -> (R, Vec<Check>) {
    ASKED.set(Some(Vec::new()));
    let described = describe();
    (described, ASKED.take().unwrap_or_default())
}

/// Where the check of a parameter is that was described within [`with_checks`].
pub(crate) fn place(schema: &MetaSchemaRef) -> Option<usize> {
    match schema {
        MetaSchemaRef::Inline(schema) => schema.title.as_ref()?.parse().ok(),
        MetaSchemaRef::Reference(_) => None,
    }
}

fn check<T: ParseFromParameter>(values: &[String]) -> Result<(), String> {
    T::parse_from_parameters(values).map(drop).map_err(|error| error.into_message())
}

fn described<T: ParseFromParameter>() -> MetaSchemaRef {
    ASKED.with_borrow_mut(|asked| {
        let Some(checks) = asked else { return T::schema_ref() };
        checks.push(check::<T>);
        let title = Some((checks.len() - 1).to_string());
        MetaSchemaRef::Inline(Box::new(MetaSchema { title, ..MetaSchema::ANY }))
    })
}

macro_rules! parameter {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        pub(crate) struct $name<T>(pub T);

        impl<'a, T: ParseFromParameter> ApiExtractor<'a> for $name<T> {
            const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
            const PARAM_IS_REQUIRED: bool = T::IS_REQUIRED;

            type ParamType = T;
            type ParamRawType = T::RawValueType;

            fn register(registry: &mut Registry) {
                T::register(registry);
            }

            fn param_in() -> Option<MetaParamIn> {
                <param::$name<T> as ApiExtractor<'a>>::param_in()
            }

            fn param_schema_ref() -> Option<MetaSchemaRef> {
                Some(described::<T>())
            }

            fn param_raw_type(&self) -> Option<&Self::ParamRawType> {
                self.0.as_raw_value()
            }

            async fn from_request(
                request: &'a Request,
                body: &mut RequestBody,
                options: ExtractParamOptions<T>,
            ) -> Result<Self> {
                let read = <param::$name<T> as ApiExtractor<'a>>::from_request(request, body, options);
                read.await.map(|read| $name(read.0))
            }
        }
    };
}

parameter! {
    /// A parameter of the path.
    Path
}

parameter! {
    /// A parameter of the query.
    Query
}

parameter! {
    /// A parameter that is a header.
    Header
}
