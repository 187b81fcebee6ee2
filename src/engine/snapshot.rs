//! What one request sees of an index: a view with everything that is made ready once per version.

use std::sync::Arc;

use crate::domain::id::IndexName;
use crate::index::View;
use crate::index::suggestions::{Labels, SuggestionIndex};
use crate::query::lexicon::Lexicon;
use crate::rank::personal::LabelJudge;
use crate::rank::personal::Person;
use crate::settings::Settings;
use crate::shopper::profile::{Profile, ProfileParameters};
use crate::shopper::size::SizeSystems;

/// A view with its lexicon, suggestions and profile parameters.
pub(super) struct Snapshot {
    pub(super) index: IndexName,
    pub(super) view: View,
    pub(super) lexicon: Arc<Lexicon>,
    pub(super) suggestions: Arc<SuggestionIndex>,
    pub(super) parameters: Arc<ProfileParameters>,
}

impl Snapshot {
    /// Makes everything ready for a version of the settings.
    pub(super) fn new(index: IndexName, view: View, suggestions: Arc<SuggestionIndex>) -> Self {
        let analyser = Arc::clone(&view.generation.analyser);
        Self {
            index,
            lexicon: Arc::new(Lexicon::new(&view.settings, analyser)),
            parameters: Arc::new(parameters(&view.settings)),
            suggestions,
            view,
        }
    }

    /// This snapshot with another state of the index.
    pub(super) fn with_view(&self, view: View, suggestions: Arc<SuggestionIndex>) -> Self {
        let same_settings = Arc::ptr_eq(&view.settings, &self.view.settings);
        let same_words = Arc::ptr_eq(&view.generation.analyser, &self.view.generation.analyser);
        if !same_settings || !same_words {
            return Self::new(self.index.clone(), view, suggestions);
        }
        Self {
            index: self.index.clone(),
            lexicon: Arc::clone(&self.lexicon),
            parameters: Arc::clone(&self.parameters),
            suggestions,
            view,
        }
    }

    /// The shopper with the strength that index and request allow.
    pub(super) fn person<'a>(
        &'a self,
        profile: Option<&'a Profile>,
        personalize: f32,
    ) -> Option<Person<'a>> {
        let strength = self.view.settings.personalisation.strength * personalize;
        Some(Person { profile: profile?, parameters: &self.parameters, strength })
    }

    /// How much likelier than usual the shopper is to want what a suggestion finds, as a factor.
    pub(super) fn suggestion_affinity<'a>(
        &'a self,
        profile: Option<&'a Profile>,
    ) -> impl Fn(&Labels<'_>) -> f32 + 'a {
        let person = self.person(profile, 1.0);
        let judge = person.and_then(|person| LabelJudge::new(&self.view, person));
        move |labels| {
            let shares = labels.brands.iter().chain(labels.categories);
            let shares = shares.map(|share| (share.value, share.share));
            judge.as_ref().map_or(1.0, |judge| judge.factor(shares))
        }
    }
}

fn parameters(settings: &Settings) -> ProfileParameters {
    let personalisation = &settings.personalisation;
    ProfileParameters {
        half_life_days: personalisation.half_life_days,
        session_half_life_minutes: personalisation.session_half_life_minutes,
        prior_events: personalisation.prior_events,
        size_systems: SizeSystems::new(&settings.size_systems),
        ..ProfileParameters::default()
    }
}
