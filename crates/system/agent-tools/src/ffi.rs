//! The C interface that scripts reach through Python.

use std::ffi::{CStr, CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::json;

use crate::scripts;

/// Runs the tool `name` with a JSON input and returns JSON: `{"ok": …}` or `{"error": "sentence"}`. The caller frees
/// the text with [`agent_tool_free`]. Null only when even the error text cannot be made.
///
/// # Safety
/// Both arguments must be null or point to NUL-terminated strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agent_tool(name: *const c_char, input: *const c_char) -> *mut c_char {
    let answer = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: as this function's own contract.
        let (name, input) = unsafe { (text(name)?, text(input)?) };
        scripts::call(name, input)
    }));
    let answer = match answer {
        Ok(Ok(value)) => json!({ "ok": value }),
        Ok(Err(sentence)) => json!({ "error": sentence }),
        Err(_) => json!({ "error": "the tool panicked; this is a fault of the platform, not of the script" }),
    };
    CString::new(answer.to_string()).map_or(std::ptr::null_mut(), CString::into_raw)
}

/// Frees what [`agent_tool`] returned.
///
/// # Safety
/// `answer` must be null or come from [`agent_tool`], and be freed only once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agent_tool_free(answer: *mut c_char) {
    if !answer.is_null() {
        // SAFETY: it was made by `CString::into_raw`, by this function's contract.
        drop(unsafe { CString::from_raw(answer) });
    }
}

/// # Safety
/// `pointer` must be null or point to a NUL-terminated string that outlives the answer.
unsafe fn text<'a>(pointer: *const c_char) -> Result<&'a str, String> {
    if pointer.is_null() {
        return Err("an argument is missing".to_owned());
    }
    // SAFETY: not null, and NUL-terminated by this function's contract.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map_err(|error| format!("an argument is not UTF-8: {error}"))
}
