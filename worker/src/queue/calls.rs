//! Counts requests where they leave for the wire, retries included: what SQS bills.

use aws_sdk_sqs::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_sqs::config::{ConfigBag, Intercept, RuntimeComponents};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How often each action was sent, by its name on the wire, such as `SendMessageBatch`. Cheap to clone; the
/// clones count together. Every request is in the metric `cooly_sqs_requests_total` too.
#[derive(Debug, Clone, Default)]
pub struct Calls {
    by_action: Arc<Mutex<BTreeMap<String, u64>>>,
}

impl Calls {
    /// How often this action was sent so far.
    pub fn of(&self, action: &str) -> u64 {
        let counted = self.by_action.lock().unwrap_or_else(PoisonError::into_inner);
        counted.get(action).copied().unwrap_or(0)
    }

    fn count(&self, action: &str) {
        metrics::counter!("cooly_sqs_requests_total", "action" => action.to_owned()).increment(1);
        let mut counted = self.by_action.lock().unwrap_or_else(PoisonError::into_inner);
        *counted.entry(action.to_owned()).or_default() += 1;
    }
}

impl Intercept for Calls {
    fn name(&self) -> &'static str {
        "cooly-calls"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), aws_sdk_sqs::error::BoxError> {
        let target = context.request().headers().get("x-amz-target").unwrap_or_default();
        self.count(target.rsplit('.').next().unwrap_or_default());
        Ok(())
    }
}
