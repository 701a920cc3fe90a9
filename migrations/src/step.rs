//! The steps, each beside its undo. refinery could collect the folder by itself, but it would take the undo
//! scripts for migrations; a test checks that every file is listed here.

use refinery::Migration;

struct Step {
    version: i32,
    name: &'static str,
    apply: &'static str,
    undo: &'static str,
}

const STEPS: [Step; 20] = [
    Step {
        version: 1,
        name: "V1__log",
        apply: include_str!("../sql/V1__log.sql"),
        undo: include_str!("../sql/undo/U1__log.sql"),
    },
    Step {
        version: 2,
        name: "V2__read_models",
        apply: include_str!("../sql/V2__read_models.sql"),
        undo: include_str!("../sql/undo/U2__read_models.sql"),
    },
    Step {
        version: 3,
        name: "V3__indexes",
        apply: include_str!("../sql/V3__indexes.sql"),
        undo: include_str!("../sql/undo/U3__indexes.sql"),
    },
    Step {
        version: 4,
        name: "V4__seals",
        apply: include_str!("../sql/V4__seals.sql"),
        undo: include_str!("../sql/undo/U4__seals.sql"),
    },
    Step {
        version: 5,
        name: "V5__lapses",
        apply: include_str!("../sql/V5__lapses.sql"),
        undo: include_str!("../sql/undo/U5__lapses.sql"),
    },
    Step {
        version: 6,
        name: "V6__batch_keys",
        apply: include_str!("../sql/V6__batch_keys.sql"),
        undo: include_str!("../sql/undo/U6__batch_keys.sql"),
    },
    Step {
        version: 7,
        name: "V7__recalls",
        apply: include_str!("../sql/V7__recalls.sql"),
        undo: include_str!("../sql/undo/U7__recalls.sql"),
    },
    Step {
        version: 8,
        name: "V8__task_provider",
        apply: include_str!("../sql/V8__task_provider.sql"),
        undo: include_str!("../sql/undo/U8__task_provider.sql"),
    },
    Step {
        version: 9,
        name: "V9__lanes",
        apply: include_str!("../sql/V9__lanes.sql"),
        undo: include_str!("../sql/undo/U9__lanes.sql"),
    },
    Step {
        version: 10,
        name: "V10__overdue",
        apply: include_str!("../sql/V10__overdue.sql"),
        undo: include_str!("../sql/undo/U10__overdue.sql"),
    },
    Step {
        version: 11,
        name: "V11__provider_signals",
        apply: include_str!("../sql/V11__provider_signals.sql"),
        undo: include_str!("../sql/undo/U11__provider_signals.sql"),
    },
    Step {
        version: 12,
        name: "V12__bulk_actions",
        apply: include_str!("../sql/V12__bulk_actions.sql"),
        undo: include_str!("../sql/undo/U12__bulk_actions.sql"),
    },
    Step {
        version: 13,
        name: "V13__workers",
        apply: include_str!("../sql/V13__workers.sql"),
        undo: include_str!("../sql/undo/U13__workers.sql"),
    },
    Step {
        version: 14,
        name: "V14__provider_spend",
        apply: include_str!("../sql/V14__provider_spend.sql"),
        undo: include_str!("../sql/undo/U14__provider_spend.sql"),
    },
    Step {
        version: 15,
        name: "V15__shut_routes",
        apply: include_str!("../sql/V15__shut_routes.sql"),
        undo: include_str!("../sql/undo/U15__shut_routes.sql"),
    },
    Step {
        version: 16,
        name: "V16__late_cancels",
        apply: include_str!("../sql/V16__late_cancels.sql"),
        undo: include_str!("../sql/undo/U16__late_cancels.sql"),
    },
    Step {
        version: 17,
        name: "V17__incidents",
        apply: include_str!("../sql/V17__incidents.sql"),
        undo: include_str!("../sql/undo/U17__incidents.sql"),
    },
    Step {
        version: 18,
        name: "V18__usage_kept",
        apply: include_str!("../sql/V18__usage_kept.sql"),
        undo: include_str!("../sql/undo/U18__usage_kept.sql"),
    },
    Step {
        version: 19,
        name: "V19__api_keys",
        apply: include_str!("../sql/V19__api_keys.sql"),
        undo: include_str!("../sql/undo/U19__api_keys.sql"),
    },
    Step {
        version: 20,
        name: "V20__webhooks",
        apply: include_str!("../sql/V20__webhooks.sql"),
        undo: include_str!("../sql/undo/U20__webhooks.sql"),
    },
];

/// The schema version of this build.
pub const LATEST: i32 = STEPS[STEPS.len() - 1].version;

/// The SQL that undoes one step; `None` for a version that does not exist.
pub fn undo_script(version: i32) -> Option<&'static str> {
    STEPS.iter().find(|step| step.version == version).map(|step| step.undo)
}

pub(crate) fn all() -> Result<Vec<Migration>, refinery::Error> {
    STEPS.iter().map(|step| Migration::unapplied(step.name, step.apply)).collect()
}

#[cfg(test)]
mod tests {
    use super::{STEPS, all};
    use std::collections::BTreeSet;
    use std::path::Path;

    fn stems(folder: &str) -> BTreeSet<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        std::fs::read_dir(folder)
            .expect("the folder is part of the source")
            .map(|entry| entry.expect("the folder can be read").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
            .map(|path| path.file_stem().expect("it has a name").to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn every_file_is_a_step_and_every_step_has_its_undo() {
        let steps: BTreeSet<String> = STEPS.iter().map(|step| step.name.to_owned()).collect();
        assert_eq!(stems("sql"), steps);
        let undos = steps.iter().map(|name| name.replacen('V', "U", 1)).collect();
        assert_eq!(stems("sql/undo"), undos);
    }

    #[test]
    fn versions_ascend_from_one_as_their_names_say() {
        let migrations = all().expect("the names are well formed");
        let named: Vec<i32> = migrations.iter().map(refinery::Migration::version).collect();
        assert_eq!(named, STEPS.iter().map(|step| step.version).collect::<Vec<_>>());
        assert!(named[0] == 1 && named.is_sorted_by(|one, next| one < next), "{named:?}");
    }
}
