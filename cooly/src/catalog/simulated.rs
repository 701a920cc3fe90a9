//! What is on offer where there is no file.

use super::Listing;
use super::provider::ProviderEntry;
use ledger::catalogue::Catalogue;
use std::collections::BTreeMap;
use std::sync::Arc;
use worker::provider::simulated::{PROVIDER, models};

pub(super) fn listing() -> Listing {
    let catalogue = Catalogue::new(models()).expect("a test prices every simulated model");
    let providers = vec![ProviderEntry::simulated(PROVIDER)];
    Listing {
        catalogue: Arc::new(catalogue),
        providers,
        classes: BTreeMap::new(),
        warnings: Vec::new(),
        unset: Vec::new(),
    }
}
