//! What one request sees of an index: a view with everything that is made ready once per version.

use std::sync::Arc;

use super::ladder::Model;
use super::measures::Measures;
use super::suggesting::{FindsCache, Judges, SuggestionLayers};
use crate::autocomplete::Curation;
use crate::domain::id::IndexName;
use crate::domain::search::SuggestRequest;
use crate::index::View;
use crate::index::suggestions::Share;
use crate::merch::Rulebook;
use crate::query::Known;
use crate::query::lexicon::Lexicon;
use crate::rank::personal::LabelJudge;
use crate::rank::personal::Person;
use crate::retrieve::meaning;
use crate::settings::Settings;
use crate::shopper::profile::{Profile, ProfileParameters};
use crate::shopper::size::SizeSystems;
use crate::text::normalise::fold;

/// So many other texts are named where a search finds nothing.
const INSTEAD: usize = 5;

/// A view with its lexicon, rules, suggestions and profile parameters.
pub(super) struct Snapshot {
    pub(super) index: IndexName,
    pub(super) view: View,
    pub(super) lexicon: Arc<Lexicon>,
    pub(super) suggestions: Arc<SuggestionLayers>,
    pub(super) curation: Arc<Curation>,
    pub(super) rulebook: Arc<Rulebook>,
    /// Whether all suggestions pass the curation.
    pub(super) is_clean: bool,
    /// Of this generation.
    pub(super) finds: Arc<FindsCache>,
    /// Under this generation and these settings.
    pub(super) judges: Arc<Judges>,
    pub(super) parameters: Arc<ProfileParameters>,
    pub(super) measures: Arc<Measures>,
}

impl Snapshot {
    /// Makes everything ready for a version of the settings.
    pub(super) fn new(index: IndexName, view: View, suggestions: Arc<SuggestionLayers>) -> Self {
        let analyser = Arc::clone(&view.generation.analyser);
        let curation = Arc::new(Curation::new(&view.settings.suggestions, &analyser));
        Self {
            index,
            is_clean: suggestions.are_all_allowed(&curation),
            curation,
            rulebook: Arc::new(Rulebook::new(&view.settings, fold)),
            lexicon: Arc::new(Lexicon::new(&view.settings, analyser)),
            finds: Arc::default(),
            judges: Arc::default(),
            parameters: Arc::new(parameters(&view.settings)),
            measures: Arc::default(),
            suggestions,
            view,
        }
    }

    /// What queries are understood by.
    pub(super) fn known(&self) -> Known<'_> {
        let generation = &self.view.generation;
        Known {
            vocabulary: &*generation.lexical,
            values: &*generation.values,
            lexicon: &self.lexicon,
        }
    }

    /// What embedding these texts needs of the model; counted, whatever is then done.
    pub(super) fn model_for(&self, texts: &[&str]) -> Model {
        if texts.is_empty() {
            return Model::NotAsked;
        }
        let remembered = meaning::are_remembered(texts, &self.view);
        self.measures.embeddings.count(remembered);
        if remembered { Model::Remembered } else { Model::MustRun }
    }

    /// This snapshot with another state of the index.
    pub(super) fn with_view(&self, view: View, suggestions: Arc<SuggestionLayers>) -> Self {
        let same_settings = Arc::ptr_eq(&view.settings, &self.view.settings);
        let same_words = Arc::ptr_eq(&view.generation.analyser, &self.view.generation.analyser);
        if !same_settings || !same_words {
            let measures = Arc::clone(&self.measures);
            return Self { measures, ..Self::new(self.index.clone(), view, suggestions) };
        }
        let same_generation = Arc::ptr_eq(&view.generation, &self.view.generation);
        let (finds, judges) = match same_generation {
            true => (Arc::clone(&self.finds), Arc::clone(&self.judges)),
            false => Default::default(),
        };
        Self {
            index: self.index.clone(),
            lexicon: Arc::clone(&self.lexicon),
            is_clean: match Arc::ptr_eq(&suggestions, &self.suggestions) {
                true => self.is_clean,
                false => suggestions.are_all_allowed(&self.curation),
            },
            curation: Arc::clone(&self.curation),
            rulebook: Arc::clone(&self.rulebook),
            finds,
            judges,
            parameters: Arc::clone(&self.parameters),
            measures: Arc::clone(&self.measures),
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
        Some(Person { profile: profile?, parameters: &self.parameters, strength, seed: 0 })
    }

    /// What else to search for where a text finds nothing: what it may become, or is popular.
    pub(super) fn instead_of(&self, text: &str, profile: Option<&Arc<Profile>>) -> Vec<String> {
        let texts = |q: &str| {
            let request =
                SuggestRequest { q: q.to_owned(), limit: INSTEAD, ..SuggestRequest::default() };
            // Without filters there is no error.
            let suggestions = self.complete(&request, profile).unwrap_or_default().into_iter();
            let others =
                suggestions.map(|suggestion| suggestion.text).filter(|other| other != text);
            others.collect::<Vec<_>>()
        };
        let near = texts(text);
        if near.is_empty() { texts("") } else { near }
    }

    /// How much likelier than usual the shopper is to want what a suggestion finds, as a factor.
    pub(super) fn suggestion_affinity<'a>(
        &'a self,
        profile: Option<&'a Arc<Profile>>,
    ) -> impl Fn(&[Share]) -> f32 + 'a {
        let profile = profile.filter(|_| self.knows_labels());
        let judge = profile.and_then(|profile| {
            let mut is_kept = true;
            let judge = self.judges.of(profile, || {
                is_kept = false;
                LabelJudge::new(&self.view, self.person(Some(&**profile), 1.0)?)
            });
            self.measures.judges.count(is_kept);
            judge
        });
        move |shares: &[Share]| {
            let shares = shares.iter().map(|share| (share.value, share.share));
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
