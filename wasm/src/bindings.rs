//! The surface that the npm package calls. Sizes and offsets cross as numbers (exact up to 2^53), results as JSON texts: one
//! crossing for each read and one for a result.
#![expect(clippy::needless_pass_by_value, reason = "wasm-bindgen takes vectors and optional functions by value only")]

use crate::{
    failure::Failure,
    file_digest::FileDigest,
    inspection::Inspection,
    policy::Policy,
    scan::Scan,
    slot_reading::{Request, SlotReading, WINDOW_DEFAULT, Wanted},
    task::Task,
    verification::{FullVerification, known_keys, revoked_from_list},
};
use js_sys::{Error, Function, Reflect, Uint8Array};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

/// Work on one file: read `start..end`, `supply` it, until `pending` is false; then `finish`.
#[wasm_bindgen]
pub struct EngineTask {
    task: Option<Box<dyn Task>>,
}

#[wasm_bindgen]
impl EngineTask {
    /// A verification of every byte, and of contents of at most `unpacked_max` decoded bytes: any number where it is infinite, none
    /// where it is negative. Its result is the report.
    ///
    /// # Errors
    /// Where a text is not a fingerprint.
    pub fn verify(
        size: f64,
        trusted: Vec<String>,
        revoked: Vec<String>,
        unpacked_max: f64,
    ) -> Result<EngineTask, JsValue> {
        let unpacked_max = match unpacked_max {
            most if most == f64::INFINITY => Some(u64::MAX),
            most if most < 0.0 => None,
            most => Some(offset(most)?),
        };
        let known = known_keys(&trusted, &revoked).map_err(thrown)?;
        Ok(Self::of(FullVerification::new(offset(size)?, known, unpacked_max)))
    }

    /// A look at the head.
    ///
    /// # Errors
    /// Where a text is not a fingerprint.
    pub fn inspect(size: f64, trusted: Vec<String>, revoked: Vec<String>) -> Result<EngineTask, JsValue> {
        Ok(Self::of(Inspection::new(offset(size)?, known_keys(&trusted, &revoked).map_err(thrown)?)))
    }

    /// A reading of one slot. `what` is `list`, `file` (then `path` is the file's), `bytes` or `attestation`. The window is in
    /// bytes, 0 for the default.
    ///
    /// # Errors
    /// Where the file's size is none, or a text is not a fingerprint.
    pub fn slot(
        size: f64,
        slot: u32,
        what: &str,
        path: String,
        window: f64,
        allow_unverified: bool,
        revoked: Vec<String>,
    ) -> Result<EngineTask, JsValue> {
        let wanted = match what {
            "list" => Wanted::List,
            "file" => Wanted::File(path),
            "bytes" => Wanted::Bytes,
            _ => Wanted::Attestation,
        };
        let window = offset(window)?;
        let window_max = if window == 0 { WINDOW_DEFAULT } else { window };
        let slot = usize::try_from(slot).unwrap_or(usize::MAX);
        let known = known_keys(&[], &revoked).map_err(thrown)?;
        let request = Request { slot, wanted, window_max, allow_unverified };
        Ok(Self::of(SlotReading::new(offset(size)?, request, known)))
    }

    /// The SHA-256 of the whole file.
    ///
    /// # Errors
    /// Where the file's size is none.
    pub fn digest(size: f64) -> Result<EngineTask, JsValue> {
        Ok(Self::of(FileDigest::new(offset(size)?)))
    }

    /// A scan under a policy, a JSON text.
    ///
    /// # Errors
    /// Where the policy is not valid.
    pub fn scan(size: f64, policy: &str, revoked: Vec<String>) -> Result<EngineTask, JsValue> {
        let policy = Policy::parse(policy).map_err(thrown)?;
        let revoked = known_keys(&[], &revoked).map_err(thrown)?.revoked;
        Ok(Self::of(Scan::new(offset(size)?, policy, revoked)))
    }

    /// Whether bytes are wanted.
    #[wasm_bindgen(getter)]
    pub fn pending(&self) -> bool {
        self.task.as_ref().is_some_and(|task| task.wants().is_some())
    }

    /// Where the wanted bytes begin.
    #[wasm_bindgen(getter)]
    pub fn start(&self) -> f64 {
        self.task.as_ref().and_then(|task| task.wants()).map_or(0.0, |range| number(range.start))
    }

    /// Where the wanted bytes end.
    #[wasm_bindgen(getter)]
    pub fn end(&self) -> f64 {
        self.task.as_ref().and_then(|task| task.wants()).map_or(0.0, |range| number(range.end))
    }

    /// Bytes done.
    #[wasm_bindgen(getter)]
    pub fn done(&self) -> f64 {
        self.task.as_ref().map_or(0.0, |task| number(task.done()))
    }

    /// Bytes in all.
    #[wasm_bindgen(getter)]
    pub fn total(&self) -> f64 {
        self.task.as_ref().map_or(0.0, |task| number(task.total()))
    }

    /// Takes the first bytes of what is wanted. `output` is called with each piece of decoded content.
    ///
    /// # Errors
    /// What ends the task.
    pub fn supply(&mut self, bytes: &[u8], output: Option<Function>) -> Result<(), JsValue> {
        let mut out = |piece: &[u8]| {
            if let Some(output) = &output {
                // The receiver only keeps the piece: it has nothing to answer.
                let _ = output.call1(&JsValue::UNDEFINED, &Uint8Array::from(piece));
            }
        };
        self.task.as_mut().ok_or_else(ended)?.supply(bytes, &mut out).map_err(thrown)
    }

    /// The parts of the result that have come out since the last call, as JSON.
    ///
    /// # Errors
    /// Where they have no text.
    pub fn part(&mut self) -> Result<Option<String>, JsValue> {
        self.task.as_mut().map_or(Ok(None), |task| task.part()).map_err(thrown)
    }

    /// The result, as JSON.
    ///
    /// # Errors
    /// Where there is none.
    pub fn finish(&mut self) -> Result<String, JsValue> {
        self.task.take().ok_or_else(ended)?.finish().map_err(thrown)
    }
}

impl EngineTask {
    fn of(task: impl Task + 'static) -> Self {
        Self { task: Some(Box::new(task)) }
    }
}

/// Fingerprint and raw key of a public key file, as JSON.
///
/// # Errors
/// Says what was found where it is none.
#[wasm_bindgen(js_name = keyFromFile)]
pub fn key_from_file(file: &[u8]) -> Result<String, JsValue> {
    crate::public_key::read(file).map_err(thrown)
}

/// The fingerprints in a list of revoked keys, as JSON.
///
/// # Errors
/// Names the line that is not understood.
#[wasm_bindgen(js_name = revokedFromList)]
pub fn revoked_keys(list: &[u8]) -> Result<String, JsValue> {
    revoked_from_list(list).map_err(thrown)
}

/// Version of the engine.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// An `Error` of JavaScript with a code, of which the npm package makes its `PspfError`.
fn thrown(failure: Failure) -> JsValue {
    let error = Error::new(&failure.message);
    error.set_name("EngineFailure");
    // An object that was just made takes any property.
    let _ = Reflect::set(&error, &"code".into(), &failure.code.into());
    error.into()
}

fn ended() -> JsValue {
    thrown(Failure::new("engine.ended", "the task has ended"))
}

/// A number of JavaScript as an offset.
fn offset(value: f64) -> Result<u64, JsValue> {
    const EXACT: f64 = 9_007_199_254_740_991.0;
    if (0.0..=EXACT).contains(&value) && value.fract() == 0.0 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked: a whole number from 0 to 2^53"
        )]
        return Ok(value as u64);
    }
    let message = format!("{value} is not a size that a file can have");
    Err(thrown(Failure::new("source.size", message)))
}

/// An offset as a number of JavaScript; sizes come in as numbers, so that no offset is above 2^53.
#[expect(clippy::cast_precision_loss, reason = "no offset is above the file's size, which came in as a number")]
fn number(value: u64) -> f64 {
    value as f64
}
