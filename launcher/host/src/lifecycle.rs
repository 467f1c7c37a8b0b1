//! Lifecycles: where each slot goes, and for how long. Decided once per start, from the signed metadata.
//!
//! The published launchers extract and keep every slot, whatever its lifecycle says (docs/launcher.md, "Lifecycles").

use pspf_nostd::{
    json::Json,
    metadata::{Metadata, SlotEntry},
    placement::Root,
    verify::Authenticated,
};

use crate::platform;

/// Where a slot goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Into the work environment, for as long as that exists.
    Kept,
    /// Into the work environment, until its setup is done. Not at all where there is no setup.
    SetupOnly,
    /// Into a tree of its own, when it is asked for.
    Lazy,
    /// Into the state directory of the package, where it is not there yet.
    State,
    /// Into the private directory of one start.
    Fresh,
    /// Nowhere.
    Skipped(Skip),
}

impl Place {
    /// Where slots of a lifecycle go, where nothing keeps them out.
    #[must_use]
    pub fn of_lifecycle(lifecycle: &str) -> Self {
        match lifecycle {
            "init" | "init-only" | "volatile" => Self::SetupOnly,
            _ => match Root::of_lifecycle(lifecycle, 0) {
                Root::Start => Self::Fresh,
                Root::Own(_) => Self::Lazy,
                Root::State => Self::State,
                Root::WorkEnvironment => Self::Kept,
            },
        }
    }
}

/// Why a slot is not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// It is the package itself.
    IsThePackage,
    /// It is for development, and `FLAVOR_DEV` is not set.
    Development,
    /// It is for another platform.
    Platform,
    /// It is for the setup, and the package has none.
    NoSetup,
}

/// The places of all slots of a package.
#[derive(Clone, Debug)]
pub struct Plan {
    places: Vec<Place>,
    needs_parent: bool,
    with_development: bool,
}

impl Plan {
    /// Decides for a package. `development` is whether `FLAVOR_DEV` is set.
    #[must_use]
    pub fn new(package: &Authenticated, development: bool) -> Self {
        Self::of(package.metadata(), development)
    }

    pub(crate) fn of(metadata: &Metadata, development: bool) -> Self {
        let slots = &metadata.slots;
        let places: Vec<Place> = slots.iter().map(|slot| place(metadata, slot, development)).collect();
        let mut needs_parent = false;
        let mut with_development = false;
        for (slot, place) in slots.iter().zip(&places) {
            needs_parent |= *place == Place::Fresh && slot.lifecycle != "startup";
            with_development |= *place == Place::Kept && slot.lifecycle == "dev";
        }
        Self { places, needs_parent, with_development }
    }

    /// The place of a slot, by its position.
    #[must_use]
    pub fn place(&self, slot: usize) -> Place {
        self.places.get(slot).copied().unwrap_or(Place::Kept)
    }

    /// The slots that go to a place, by position.
    pub fn slots_at(&self, place: Place) -> impl Iterator<Item = usize> {
        self.places.iter().enumerate().filter(move |(_, at)| **at == place).map(|(slot, _)| slot)
    }

    /// Whether something has to be removed when the program ends, so that the launcher has to outlive it.
    #[must_use]
    pub fn needs_parent(&self) -> bool {
        self.needs_parent
    }
}

/// What one published tree holds: the seam between lifecycles and extraction.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    plan: &'a Plan,
    slot: Option<usize>,
}

impl<'a> Content<'a> {
    /// The work environment: everything that is there from the first start on.
    #[must_use]
    pub fn work_environment(plan: &'a Plan) -> Self {
        Self { plan, slot: None }
    }

    /// The tree of one lazy slot.
    #[must_use]
    pub fn lazy_slot(plan: &'a Plan, slot: usize) -> Self {
        Self { plan, slot: Some(slot) }
    }

    /// The plan that it is a part of.
    #[must_use]
    pub fn plan(&self) -> &'a Plan {
        self.plan
    }

    /// What tells this tree's name from those of other trees of the same package.
    #[must_use]
    pub fn suffix(&self) -> String {
        match self.slot {
            Some(slot) => format!(".slot{slot}"),
            None if self.plan.with_development => ".dev".to_owned(),
            None => String::new(),
        }
    }

    /// Whether the slot at this position is extracted into the tree.
    #[must_use]
    pub fn holds(&self, slot: usize) -> bool {
        match self.slot {
            Some(only) => only == slot,
            None => matches!(self.plan.place(slot), Place::Kept | Place::SetupOnly),
        }
    }

    /// Whether the slot at this position is taken out again after the setup.
    #[must_use]
    pub fn is_for_setup_only(&self, slot: usize) -> bool {
        self.slot.is_none() && self.plan.place(slot) == Place::SetupOnly
    }

    /// Whether directories, setup commands and `cache_validation` of the package are about this tree.
    #[must_use]
    pub fn is_work_environment(&self) -> bool {
        self.slot.is_none()
    }
}

fn place(metadata: &Metadata, slot: &SlotEntry, development: bool) -> Place {
    if slot.self_ref {
        return Place::Skipped(Skip::IsThePackage);
    }
    let platform = match &slot.platform {
        Some(platform) => platform.clone(),
        None if slot.lifecycle == "platform" => build_platform(metadata),
        None => String::new(),
    };
    if !platform::is_this_machine(&platform) {
        return Place::Skipped(Skip::Platform);
    }
    match Place::of_lifecycle(&slot.lifecycle) {
        // Gone once everything is initialized: without a setup nothing says when that is, and the program may want it.
        Place::SetupOnly if metadata.setup_commands.is_empty() && slot.lifecycle == "volatile" => Place::Kept,
        Place::SetupOnly if metadata.setup_commands.is_empty() => Place::Skipped(Skip::NoSetup),
        Place::Kept if slot.lifecycle == "dev" && !development => Place::Skipped(Skip::Development),
        place => place,
    }
}

/// `build.platform` of the published builders, as `os_arch`; empty where there is none.
fn build_platform(metadata: &Metadata) -> String {
    let platform = metadata.document().get("build").and_then(|build| build.get("platform"));
    let text = |key: &str| platform.and_then(|platform| platform.get(key)).and_then(Json::as_str);
    match (text("os"), text("arch")) {
        (Some(os), Some(arch)) => [os, "_", arch].concat(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(slots: &str, more: &str, development: bool) -> Plan {
        let text = format!(r#"{{"format":"PSPF/2025","slots":[{slots}]{more}}}"#);
        Plan::of(&Metadata::parse(text.into_bytes()).unwrap(), development)
    }

    #[test]
    fn every_lifecycle_has_its_place() {
        let setup = r#","setup_commands":[{"type":"execute","command":"true"}]"#;
        for (word, without_setup, with_setup) in [
            ("runtime", Place::Kept, Place::Kept),
            ("persistent", Place::Kept, Place::Kept),
            ("cache", Place::Kept, Place::Kept),
            ("cached", Place::Kept, Place::Kept),
            ("eager", Place::Kept, Place::Kept),
            ("attestation", Place::Kept, Place::Kept),
            ("", Place::Kept, Place::Kept),
            ("bogus", Place::Kept, Place::Kept),
            ("init", Place::Skipped(Skip::NoSetup), Place::SetupOnly),
            ("init-only", Place::Skipped(Skip::NoSetup), Place::SetupOnly),
            ("volatile", Place::Kept, Place::SetupOnly),
            ("startup", Place::Fresh, Place::Fresh),
            ("temporary", Place::Fresh, Place::Fresh),
            ("shutdown", Place::Fresh, Place::Fresh),
            ("config", Place::State, Place::State),
            ("lazy", Place::Lazy, Place::Lazy),
            ("dev", Place::Skipped(Skip::Development), Place::Skipped(Skip::Development)),
        ] {
            let slot = format!(r#"{{"id":"a","lifecycle":"{word}"}}"#);
            assert_eq!(plan(&slot, "", false).place(0), without_setup, "{word}");
            assert_eq!(plan(&slot, setup, false).place(0), with_setup, "{word}");
            assert_eq!(plan(&slot, "", false).needs_parent(), matches!(word, "temporary" | "shutdown"), "{word}");
        }
    }

    #[test]
    fn development_slots_make_another_tree() {
        let slots = r#"{"id":"a","lifecycle":"dev"}"#;
        let (with, without) = (plan(slots, "", true), plan(slots, "", false));
        assert_eq!(Content::work_environment(&with).suffix(), ".dev");
        assert_eq!(Content::work_environment(&without).suffix(), "");
        assert_eq!(Content::work_environment(&plan(r#"{"id":"a"}"#, "", true)).suffix(), "");
        assert!(Content::work_environment(&with).holds(0) && !Content::work_environment(&without).holds(0));
    }

    #[test]
    fn slots_of_other_platforms_are_skipped() {
        let here = platform::name();
        for (slot, build, expected) in [
            (r#""platform":"plan9_mips""#, "", Place::Skipped(Skip::Platform)),
            (r#""platform":"plan9_mips","lifecycle":"lazy""#, "", Place::Skipped(Skip::Platform)),
            (&format!(r#""platform":"{here}""#), "", Place::Kept),
            (r#""lifecycle":"platform""#, "", Place::Kept),
            (
                r#""lifecycle":"platform""#,
                r#","build":{"platform":{"os":"plan9","arch":"mips"}}"#,
                Place::Skipped(Skip::Platform),
            ),
            (r#""lifecycle":"runtime""#, r#","build":{"platform":{"os":"plan9","arch":"mips"}}"#, Place::Kept),
        ] {
            assert_eq!(plan(&format!(r#"{{"id":"a",{slot}}}"#), build, false).place(0), expected, "{slot} {build}");
        }
    }
}
