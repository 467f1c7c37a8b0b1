//! The report's JSON text: the same as `serde_json` writes for it, which the tests hold it to. For hosts where size counts.

use crate::{
    json::{JsonWriter, ToJson},
    offsets::ByteRange,
    report::{
        Coverage, Finding, Integrity, Limits, PackageFacts, Protection, Report, Severity, Signer, SlotReport, Trust,
    },
};

impl ToJson for Integrity {
    fn write_json(&self, out: &mut JsonWriter) {
        out.string(match self {
            Self::Broken => "broken",
            Self::Partial => "partial",
            Self::Intact => "intact",
            Self::Bound => "bound",
            Self::Sealed => "sealed",
        });
    }
}

impl ToJson for Trust {
    fn write_json(&self, out: &mut JsonWriter) {
        out.string(match self {
            Self::Unsigned => "unsigned",
            Self::UnknownKey => "unknown_key",
            Self::Pinned => "pinned",
            Self::InStore => "in_store",
            Self::Revoked => "revoked",
        });
    }
}

impl ToJson for Severity {
    fn write_json(&self, out: &mut JsonWriter) {
        out.string(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        });
    }
}

impl ToJson for Protection {
    fn write_json(&self, out: &mut JsonWriter) {
        out.string(match self {
            Self::Authenticated => "authenticated",
            Self::Checked => "checked",
            Self::Unprotected => "unprotected",
        });
    }
}

impl ToJson for ByteRange {
    fn write_json(&self, out: &mut JsonWriter) {
        out.object(&[("start", &self.start), ("end", &self.end)]);
    }
}

impl ToJson for Finding {
    fn write_json(&self, out: &mut JsonWriter) {
        let Self { code, severity, part, range, message } = self;
        out.object(&[("code", code), ("severity", severity), ("part", part), ("range", range), ("message", message)]);
    }
}

impl ToJson for Coverage {
    fn write_json(&self, out: &mut JsonWriter) {
        let Self { range, part, class, reason } = self;
        out.object(&[("range", range), ("part", part), ("class", class), ("reason", reason)]);
    }
}

impl ToJson for SlotReport {
    fn write_json(&self, out: &mut JsonWriter) {
        out.object(&[
            ("index", &self.index),
            ("id", &self.id),
            ("target", &self.target),
            ("range", &self.range),
            ("original_size_hint", &self.original_size_hint),
            ("operations", &self.operations),
            ("purpose", &self.purpose),
            ("lifecycle", &self.lifecycle),
            ("permissions", &self.permissions),
            ("sha256", &self.sha256),
        ]);
    }
}

impl ToJson for Signer {
    fn write_json(&self, out: &mut JsonWriter) {
        let Self { fingerprint, public_key, signature_valid } = self;
        out.object(&[("fingerprint", fingerprint), ("public_key", public_key), ("signature_valid", signature_valid)]);
    }
}

impl ToJson for PackageFacts {
    fn write_json(&self, out: &mut JsonWriter) {
        out.object(&[
            ("name", &self.name),
            ("version", &self.version),
            ("builder", &self.builder),
            ("launcher_size", &self.launcher_size),
            ("metadata_size", &self.metadata_size),
        ]);
    }
}

impl ToJson for Limits {
    fn write_json(&self, out: &mut JsonWriter) {
        out.object(&[
            ("metadata_json_max", &self.metadata_json_max),
            ("metadata_stored_max", &self.metadata_stored_max),
            ("slot_count_max", &self.slot_count_max),
        ]);
    }
}

impl ToJson for Report {
    fn write_json(&self, out: &mut JsonWriter) {
        out.object(&self.json_fields());
    }
}

impl Report {
    /// The fields of the report's JSON text, for documents that hold them beside others.
    #[must_use]
    pub fn json_fields(&self) -> [(&'static str, &dyn ToJson); 11] {
        [
            ("schema", &self.schema),
            ("ok", &self.ok),
            ("state", &self.state),
            ("trust", &self.trust),
            ("size", &self.size),
            ("signer", &self.signer),
            ("package", &self.package),
            ("slots", &self.slots),
            ("findings", &self.findings),
            ("coverage", &self.coverage),
            ("limits", &self.limits),
        ]
    }
}
