//! `/admin/webhooks`: where customers are told what happens, and what each of them was told. A worker sends; here endpoints are made and
//! changed, and deliveries looked at and ordered again.

pub(crate) mod deliveries;
pub(crate) mod endpoints;

mod order;
mod told;
