/* SPDX-License-Identifier: Apache-2.0
 *
 * The event hub: what happens in the process, told to whoever listens. */
#include "native.h"

/* A handle is a span, a context, or a chunk, which becomes a list of its spans. */
static PyObject *object_of(void *handle)
{
    ddtrace_span *span = dd.span_ref(handle);
    if (span != NULL) {
        PyObject *object = span_wrap(span);
        dd.span_free(span);
        return object;
    }
    ddtrace_context *context = dd.context_ref(handle);
    if (context != NULL)
        return context_wrap(context, NULL);
    size_t len = dd.chunk_len(handle);
    if (len == 0)
        return Py_NewRef(Py_None);
    PyObject *spans = PyList_New(0);
    for (size_t i = 0; spans != NULL && i < len; i++) {
        PyObject *object = dd.chunk_span_at(handle, i, &span) == DDTRACE_OK ? span_wrap(span) : NULL;
        if (object == NULL || PyList_Append(spans, object) < 0)
            Py_CLEAR(spans);
        Py_XDECREF(object);
    }
    return spans;
}

static PyObject *from_value(const ddtrace_value *value)
{
    switch (value->kind) {
    case DDTRACE_VALUE_BOOL: return PyBool_FromLong(value->content.i64 != 0);
    case DDTRACE_VALUE_I64: return PyLong_FromLongLong(value->content.i64);
    case DDTRACE_VALUE_F64: return PyFloat_FromDouble(value->content.f64);
    case DDTRACE_VALUE_STRING: return string_from(value->content.string);
    case DDTRACE_VALUE_HANDLE: return object_of(value->content.pointer);
    case DDTRACE_VALUE_POINTER: return PyLong_FromVoidPtr(value->content.pointer);
    default: return Py_NewRef(Py_None);
    }
}

static void to_value(struct scratch *scratch, PyObject *object, ddtrace_value *value)
{
    int overflow = 0;
    *value = (ddtrace_value){DDTRACE_VALUE_NULL, 0, {0}};
    if (object == Py_None) {
        return;
    } else if (PyBool_Check(object)) {
        value->kind = DDTRACE_VALUE_BOOL;
        value->content.i64 = object == Py_True;
    } else if (PyFloat_Check(object)) {
        value->kind = DDTRACE_VALUE_F64;
        value->content.f64 = PyFloat_AsDouble(object);
    } else if (PyLong_Check(object) && ((value->content.i64 = PyLong_AsLongLongAndOverflow(object, &overflow)), overflow == 0)) {
        value->kind = DDTRACE_VALUE_I64;
    } else if (IS_SPAN(object) || IS_CONTEXT(object)) {
        value->kind = DDTRACE_VALUE_HANDLE;
        value->content.pointer = IS_SPAN(object) ? (void *)((SpanObject *)object)->handle : (void *)((ContextObject *)object)->handle;
    } else {
        value->kind = DDTRACE_VALUE_STRING;
        value->content.string = text_of(scratch, object);
    }
}

/* What the last listener of a thread answered; the library reads it when the listener has returned. */
static _Thread_local PyObject *last_answer;
static _Thread_local struct scratch answer_texts;

static ddtrace_status listen(void *function, ddtrace_str event, const ddtrace_value *values, size_t len, ddtrace_value *result)
{
    struct entry entry;
    (void)event;
    if (!callback_enter(&entry))
        return DDTRACE_OK;
    PyObject *type, *error, *traceback;
    PyErr_Fetch(&type, &error, &traceback);
    PyObject *items = PyTuple_New((Py_ssize_t)len);
    for (size_t i = 0; items != NULL && i < len; i++) {
        PyObject *item = from_value(&values[i]);
        if (item == NULL)
            Py_CLEAR(items);
        else
            PyTuple_SetItem(items, (Py_ssize_t)i, item);
    }
    PyObject *answer = items == NULL ? NULL : PyObject_CallObject(function, items);
    ddtrace_status status = DDTRACE_OK;
    if (answer == NULL) {
        status = DDTRACE_ERR_LISTENER;
        callback_failed(function);
    } else {
        scratch_free(&answer_texts);
        to_value(&answer_texts, answer, result);
        Py_XDECREF(last_answer);
        last_answer = answer;
    }
    Py_XDECREF(items);
    PyErr_Restore(type, error, traceback);
    callback_leave(&entry);
    return status;
}

/* hub_on(event, function): the listener's number */
static PyObject *hub_on(PyObject *module, arguments given, Py_ssize_t count)
{
    (void)module;
    if (count != 2 || !PyCallable_Check(given[1]))
        return PyErr_Format(PyExc_TypeError, "a listener is a function");
    struct scratch scratch = {NULL};
    ddtrace_str event = text_of(&scratch, given[0]);
    uint64_t id = 0;
    ddtrace_status status = dd.hub_on(event.ptr, event.len, NULL, 0, listen, Py_NewRef(given[1]), callback_free, &id);
    scratch_free(&scratch);
    return status == DDTRACE_OK ? PyLong_FromUnsignedLongLong(id) : raise_status(status, NULL);
}

static PyObject *hub_off(PyObject *module, PyObject *id)
{
    (void)module;
    return PyBool_FromLong(dd.hub_off(PyLong_AsUnsignedLongLongMask(id)) == DDTRACE_OK);
}

static PyObject *hub_has_listeners(PyObject *module, PyObject *event)
{
    (void)module;
    struct scratch scratch = {NULL};
    ddtrace_str name = text_of(&scratch, event);
    int has = dd.hub_has_listeners(name.ptr, name.len);
    scratch_free(&scratch);
    return PyBool_FromLong(has);
}

#define MOST_ARGUMENTS 16

/* hub_dispatch(event, *arguments) */
static PyObject *hub_dispatch(PyObject *module, arguments given, Py_ssize_t count)
{
    (void)module;
    if (count < 1 || count > MOST_ARGUMENTS + 1)
        return PyErr_Format(PyExc_TypeError, "an event has a name and at most %d arguments", MOST_ARGUMENTS);
    struct scratch scratch = {NULL};
    ddtrace_value values[MOST_ARGUMENTS];
    ddtrace_str event = text_of(&scratch, given[0]);
    for (Py_ssize_t i = 1; i < count; i++)
        to_value(&scratch, given[i], &values[i - 1]);
    ddtrace_status status = dd.hub_dispatch(event.ptr, event.len, values, (size_t)count - 1, 0);
    scratch_free(&scratch);
    return PyBool_FromLong(status == DDTRACE_OK);
}

static PyMethodDef functions[] = {
    {"hub_on", AS_METHOD(hub_on), METH_FASTCALL, NULL},
    {"hub_off", hub_off, METH_O, NULL},
    {"hub_has_listeners", hub_has_listeners, METH_O, NULL},
    {"hub_dispatch", AS_METHOD(hub_dispatch), METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

int add_hub(PyObject *module)
{
    return PyModule_AddFunctions(module, functions);
}
