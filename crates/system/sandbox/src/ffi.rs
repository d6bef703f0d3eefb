//! The C interface that the Python parent's children call.

use std::ffi::{CStr, c_char, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{Policy, enter};

/// Enters the sandbox that `policy_json` (a NUL-terminated JSON [`Policy`]) describes.
///
/// Returns 0 and the JSON of [`crate::Report`] in `message_buffer`, or -1 and an error text there. The message is
/// cut to `message_capacity` bytes including its final NUL.
///
/// # Safety
/// `policy_json` must point to a NUL-terminated string, `message_buffer` to `message_capacity` writable bytes;
/// `message_buffer` may be null when the capacity is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sandbox_enter(
    policy_json: *const c_char,
    message_buffer: *mut c_char,
    message_capacity: usize,
) -> c_int {
    let entered = catch_unwind(AssertUnwindSafe(|| {
        if policy_json.is_null() {
            return Err("no policy was given".to_owned());
        }
        // SAFETY: not null, and NUL-terminated by this function's contract.
        let text = unsafe { CStr::from_ptr(policy_json) };
        let policy: Policy =
            serde_json::from_slice(text.to_bytes()).map_err(|error| format!("the policy is not valid: {error}"))?;
        let report = enter(&policy).map_err(|error| error.to_string())?;
        serde_json::to_string(&report).map_err(|error| error.to_string())
    }));
    let (status, message) = match entered {
        Ok(Ok(report)) => (0, report),
        Ok(Err(error)) => (-1, error),
        Err(_) => (-1, "entering the sandbox panicked".to_owned()),
    };
    if !message_buffer.is_null() && message_capacity > 0 {
        let length = message.len().min(message_capacity - 1);
        // SAFETY: `length + 1` bytes fit into the buffer, and a fresh String does not overlap it.
        unsafe {
            std::ptr::copy_nonoverlapping(message.as_ptr().cast::<c_char>(), message_buffer, length);
            *message_buffer.add(length) = 0;
        }
    }
    status
}
