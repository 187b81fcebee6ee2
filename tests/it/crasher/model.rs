//! What a client knows for certain, and what may or may not be.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use serde_json::Value;

/// Things by name, as `product c0p3`, each with what matters of it.
pub(super) type State = BTreeMap<String, Value>;

/// What one call changes, all of it or nothing; `None` removes a thing.
pub(super) type Effects = Vec<(String, Option<Value>)>;

/// A call that was made in a round.
struct Made {
    begun: Instant,
    acknowledged: Option<Instant>,
    effects: Effects,
}

/// The things that one client changes, and nobody else.
#[derive(Default)]
pub(super) struct Model {
    /// As every acknowledged call has left them.
    pub(super) acknowledged: State,
    /// Those that an acknowledged erasure removed: no restart and no backup may bring them back.
    pub(super) erased: BTreeSet<String>,
    /// How the present round began.
    before: State,
    made: Vec<Made>,
}

fn changed(state: &mut State, effects: &Effects) {
    for (thing, value) in effects {
        match value {
            Some(value) => drop(state.insert(thing.clone(), value.clone())),
            None => drop(state.remove(thing)),
        }
    }
}

impl Model {
    pub(super) fn begin_round(&mut self) {
        self.before = self.acknowledged.clone();
        self.made.clear();
    }

    pub(super) fn begin(&mut self, effects: Effects) {
        self.made.push(Made { begun: Instant::now(), acknowledged: None, effects });
    }

    pub(super) fn acknowledge(&mut self, erases: bool) {
        let made = self.made.last_mut().expect("a call was begun");
        made.acknowledged = Some(Instant::now());
        changed(&mut self.acknowledged, &made.effects);
        if erases {
            let events = made.effects.iter().filter(|(thing, _)| thing.starts_with("event "));
            self.erased.extend(events.map(|(thing, _)| thing.clone()));
        }
    }

    /// Takes what is there after a restart: the acknowledged state, or that with the call that was
    /// under way at the kill; never half of it.
    pub(super) fn settle(&mut self, observed: State) -> Result<(), String> {
        let pending = self.made.last().filter(|made| made.acknowledged.is_none());
        let mut with_pending = self.acknowledged.clone();
        if let Some(made) = pending {
            changed(&mut with_pending, &made.effects);
        }
        if observed != self.acknowledged && observed != with_pending {
            let pending = pending.map(|made| &made.effects);
            let lost = difference(&self.acknowledged, &observed);
            return Err(format!("other than acknowledged: {lost}\nunder way: {pending:?}"));
        }
        self.acknowledged = observed;
        Ok(())
    }

    /// Whether a state is of one moment between two: every thing has the value of the last call
    /// that was acknowledged before `from`, or of one that had begun until `until` and was not.
    pub(super) fn check_moment(
        &self,
        observed: &State,
        (from, until): (Instant, Instant),
    ) -> Result<(), String> {
        let mut certain = self.before.clone();
        let mut possible: BTreeMap<&str, Vec<Option<&Value>>> = BTreeMap::new();
        for made in self.made.iter().filter(|made| made.begun <= until) {
            if made.acknowledged.is_some_and(|at| at < from) {
                changed(&mut certain, &made.effects);
            } else {
                for (thing, value) in &made.effects {
                    possible.entry(thing).or_default().push(value.as_ref());
                }
            }
        }
        let things: BTreeSet<&String> = certain.keys().chain(observed.keys()).collect();
        for thing in things {
            let value = observed.get(thing);
            let others = possible.get(thing.as_str());
            if value != certain.get(thing) && !others.is_some_and(|all| all.contains(&value)) {
                return Err(format!("{thing} is {value:?} instead of {:?}", certain.get(thing)));
            }
        }
        Ok(())
    }
}

fn difference(expected: &State, found: &State) -> String {
    let things: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    let differs = things.into_iter().filter(|thing| expected.get(*thing) != found.get(*thing));
    let lines = differs.map(|thing| {
        format!("\n  {thing}: expected {:?}, found {:?}", expected.get(thing), found.get(thing))
    });
    lines.collect()
}

#[test]
fn a_lost_a_half_and_a_mixed_state_are_noticed() {
    let put = |thing: &str, value: i32| (thing.to_owned(), Some(Value::from(value)));
    let state = |things: &[(&str, i32)]| -> State {
        things.iter().map(|(thing, value)| ((*thing).to_owned(), Value::from(*value))).collect()
    };
    let model = || {
        let mut model = Model::default();
        model.begin_round();
        model.begin(vec![put("a", 1), put("b", 1)]);
        model.acknowledge(false);
        model.begin(vec![put("a", 2), put("b", 2)]);
        model
    };
    for good in [[("a", 1), ("b", 1)], [("a", 2), ("b", 2)]] {
        assert_eq!(model().settle(state(&good)), Ok(()));
    }
    for bad in [&[("a", 1)][..], &[("a", 1), ("b", 2)], &[("a", 2), ("b", 2), ("c", 1)], &[]] {
        assert!(model().settle(state(bad)).is_err(), "{bad:?}");
    }
    let now = Instant::now();
    std::thread::sleep(std::time::Duration::from_millis(2));
    let model = model();
    std::thread::sleep(std::time::Duration::from_millis(2));
    for good in [[("a", 1), ("b", 1)], [("a", 2), ("b", 1)]] {
        assert_eq!(model.check_moment(&state(&good), (Instant::now(), Instant::now())), Ok(()));
    }
    assert!(model.check_moment(&state(&[("a", 1)]), (Instant::now(), Instant::now())).is_err());
    let early = model.check_moment(&state(&[("a", 1), ("b", 1)]), (now, now));
    assert!(early.is_err(), "nothing had begun");
}
