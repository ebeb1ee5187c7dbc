//! Values that go along with events, as C has them.

use super::status::{DDTRACE_ERR_INVALID, ddtrace_status};
use super::text;
use super::types::ddtrace_str;
use crate::events::Value;
use std::ffi::c_void;

/// Kind of a value: nothing.
pub const DDTRACE_VALUE_NULL: i32 = 0;
/// Kind of a value: a truth value, in `i64`.
pub const DDTRACE_VALUE_BOOL: i32 = 1;
/// Kind of a value: a whole number, in `i64`.
pub const DDTRACE_VALUE_I64: i32 = 2;
/// Kind of a value: a number, in `f64`.
pub const DDTRACE_VALUE_F64: i32 = 3;
/// Kind of a value: text, in `string`.
pub const DDTRACE_VALUE_STRING: i32 = 4;
/// Kind of a value: a handle of this library, in `pointer`; borrowed for the time of the call.
pub const DDTRACE_VALUE_HANDLE: i32 = 5;
/// Kind of a value: a pointer of the program, in `pointer`.
pub const DDTRACE_VALUE_POINTER: i32 = 6;

/// What a value holds, by its kind.
#[repr(C)]
#[derive(Clone, Copy)]
pub union ddtrace_value_content {
    /// DDTRACE_VALUE_BOOL (0 or 1), DDTRACE_VALUE_I64
    pub i64: i64,
    /// DDTRACE_VALUE_F64
    pub f64: f64,
    /// DDTRACE_VALUE_STRING
    pub string: ddtrace_str,
    /// DDTRACE_VALUE_HANDLE, DDTRACE_VALUE_POINTER
    pub pointer: *mut c_void,
}

/// An argument of an event, or the answer of a listener. Its layout never changes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ddtrace_value {
    /// DDTRACE_VALUE_*
    pub kind: i32,
    /// 0
    pub reserved: u32,
    /// The content
    pub content: ddtrace_value_content,
}

impl ddtrace_value {
    /// Nothing.
    pub(super) const fn null() -> Self {
        ddtrace_value { kind: DDTRACE_VALUE_NULL, reserved: 0, content: ddtrace_value_content { string: ddtrace_str::NONE } }
    }

    /// A value as C has it; text is borrowed.
    pub(super) fn of(value: &Value<'_>) -> Self {
        let (kind, content) = match value {
            Value::Null => return ddtrace_value::null(),
            Value::Bool(value) => (DDTRACE_VALUE_BOOL, ddtrace_value_content { i64: i64::from(*value) }),
            Value::Int(value) => (DDTRACE_VALUE_I64, ddtrace_value_content { i64: *value }),
            Value::Float(value) => (DDTRACE_VALUE_F64, ddtrace_value_content { f64: *value }),
            Value::Text(text) => (DDTRACE_VALUE_STRING, ddtrace_value_content { string: ddtrace_str::new(text) }),
            Value::Handle(handle) => (DDTRACE_VALUE_HANDLE, ddtrace_value_content { pointer: *handle as *mut c_void }),
            Value::Pointer(pointer) => (DDTRACE_VALUE_POINTER, ddtrace_value_content { pointer: *pointer as *mut c_void }),
        };
        ddtrace_value { kind, reserved: 0, content }
    }
}

/// Values that the caller gave, not looked at yet.
pub(super) struct FromC<'a>(&'a [ddtrace_value]);

impl<'a> FromC<'a> {
    /// # Safety
    ///
    /// The header's rules for arrays.
    pub(super) unsafe fn new(values: *const ddtrace_value, len: usize) -> Result<Self, ddtrace_status> {
        // SAFETY: the caller's promise.
        Ok(FromC(unsafe { text::array(values, len) }?))
    }

    /// # Safety
    ///
    /// Each value holds what its kind says.
    pub(super) unsafe fn values(&self) -> Result<Vec<Value<'a>>, ddtrace_status> {
        // SAFETY: the caller's promise.
        self.0.iter().map(|value| unsafe { value_of(value) }).collect()
    }
}

/// A value of C.
///
/// # Safety
///
/// It holds what its kind says; text follows the header's rules.
pub(super) unsafe fn value_of<'a>(value: &ddtrace_value) -> Result<Value<'a>, ddtrace_status> {
    // SAFETY: the caller's promise.
    unsafe {
        Ok(match value.kind {
            DDTRACE_VALUE_NULL => Value::Null,
            DDTRACE_VALUE_BOOL => Value::Bool(value.content.i64 != 0),
            DDTRACE_VALUE_I64 => Value::Int(value.content.i64),
            DDTRACE_VALUE_F64 => Value::Float(value.content.f64),
            DDTRACE_VALUE_STRING => Value::Text(text::optional_str(value.content.string)?.unwrap_or_default()),
            DDTRACE_VALUE_HANDLE => Value::Handle(value.content.pointer as usize),
            DDTRACE_VALUE_POINTER => Value::Pointer(value.content.pointer as usize),
            _ => return Err(DDTRACE_ERR_INVALID),
        })
    }
}
