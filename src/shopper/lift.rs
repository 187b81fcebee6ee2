//! The arithmetic of affinity: a share shrunken towards what was expected, and its bounded lift.

use super::tally::Tally;

/// Shares of the shop's average below this count as this: rarer things are noise.
const SHARE_MIN: f64 = 0.001;
/// Where rejections outweigh choices the share would be negative; its logarithm is not.
const SHARE_FLOOR: f64 = 1e-9;

/// How likely the shopper is to choose a thing: the long-term share is shrunken towards
/// `expected`, the session's share towards the long-term one, each prior worth `prior_events`.
/// So each knows as much as it has seen. `total` is all the evidence that `part` is a part of.
pub(super) fn share(part: &Tally, total: &Tally, expected: f64, prior_events: f64) -> f64 {
    let long = shrink(part.net(), total.long, expected, prior_events);
    shrink(part.session_net(), total.session, long, prior_events).clamp(SHARE_FLOOR, 1.0)
}

fn shrink(part: f64, total: f64, expected: f64, prior_events: f64) -> f64 {
    let weight = total + prior_events;
    if weight <= 0.0 { expected } else { (part + prior_events * expected) / weight }
}

/// The shop's average share as it may be divided by.
pub(super) fn average(share: f32) -> f64 {
    if share.is_finite() { f64::from(share).clamp(SHARE_MIN, 1.0) } else { SHARE_MIN }
}

/// `tanh(log_lift / 2)`, which is (share − average) / (share + average), and never negative: a
/// thing that the shopper chose seldom is no worse than one never met.
pub(super) fn bounded_lift(log_lift: f64) -> f64 {
    (log_lift / 2.0).tanh().clamp(0.0, 1.0)
}

/// −1 to 0 for evidence whose rejections outweigh its choices.
pub(super) fn bounded_rejection(net: f64, prior_events: f64) -> f64 {
    let rejected = -net;
    if rejected <= 0.0 { 0.0 } else { -rejected / (rejected + prior_events) }
}
