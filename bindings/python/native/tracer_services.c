/* SPDX-License-Identifier: Apache-2.0
 *
 * Tracer: settings, numbers, sampling, log correlation. */
#include "native.h"

static ddtrace_tracer *handle_of(PyObject *self)
{
    return tracer_handle((TracerObject *)self);
}

static PyObject *config_get(PyObject *self, PyObject *key)
{
    struct scratch scratch = {NULL};
    ddtrace_str name = text_of(&scratch, key);
    ddtrace_tracer *handle = handle_of(self);
    PyObject *result;
    COPIED_TEXT(result, dd.tracer_config_get(handle, name.ptr, name.len, buf, cap));
    scratch_free(&scratch);
    return result;
}

static PyObject *config_origin(PyObject *self, PyObject *key)
{
    struct scratch scratch = {NULL};
    ddtrace_str name = text_of(&scratch, key);
    PyObject *result = string_from_static(dd.tracer_config_origin(handle_of(self), name.ptr, name.len));
    scratch_free(&scratch);
    return result;
}

static PyObject *startup_json(PyObject *self, PyObject *unused)
{
    (void)unused;
    ddtrace_tracer *handle = handle_of(self);
    PyObject *result;
    COPIED_TEXT(result, dd.tracer_startup_json(handle, buf, cap));
    return result;
}

static PyObject *agent_info(PyObject *self, PyObject *unused)
{
    (void)unused;
    ddtrace_tracer *handle = handle_of(self);
    PyObject *result;
    COPIED_TEXT(result, dd.tracer_get_agent_info(handle, buf, cap));
    return result;
}

/* All of ddtrace_counters by name. */
static PyObject *counters(PyObject *self, PyObject *unused)
{
    (void)unused;
    static const char *const names[] = {"spans_started", "spans_finished", "spans_abandoned", "spans_not_recorded", "segments_started",
        "segments_closed", "chunks_enqueued", "chunks_sent", "spans_sent", "chunks_dropped", "spans_dropped", "payloads_sent",
        "payloads_failed", "bytes_sent", "buffered_bytes", "chunks_filtered", "spans_filtered", "chunks_rejected", "spans_rejected",
        "chunks_filtered_by_agent", "spans_filtered_by_agent", "injected_datadog", "injected_tracecontext", "injected_b3multi",
        "injected_b3", "injected_baggage", "extracted_datadog", "extracted_tracecontext", "extracted_b3multi", "extracted_b3",
        "extracted_baggage", "malformed_datadog", "malformed_tracecontext", "malformed_b3multi", "malformed_b3", "malformed_baggage",
        "baggage_items_exceeded", "baggage_bytes_exceeded"};
    _Static_assert(sizeof(ddtrace_counters) == sizeof(size_t) + sizeof names / sizeof names[0] * sizeof(uint64_t),
        "a name for each counter, in the order of the header");
    ddtrace_counters values = DDTRACE_COUNTERS_INIT;
    ddtrace_status status = dd.tracer_counters(handle_of(self), &values);
    if (status != DDTRACE_OK)
        return raise_status(status, NULL);
    const uint64_t *numbers = &values.spans_started;
    PyObject *dict = PyDict_New();
    for (size_t i = 0; dict != NULL && i < sizeof names / sizeof names[0]; i++) {
        PyObject *number = PyLong_FromUnsignedLongLong(numbers[i]);
        if (number == NULL || PyDict_SetItemString(dict, names[i], number) < 0)
            Py_CLEAR(dict);
        Py_XDECREF(number);
    }
    return dict;
}

/* configure(config, give_up_open_traces, timeout_ms) */
static PyObject *configure(PyObject *self, arguments given, Py_ssize_t count)
{
    int64_t give_up = 0, timeout_ms = 5000;
    if (count != 3 || !PyObject_TypeCheck(given[0], config_type))
        return PyErr_Format(PyExc_TypeError, "configure() takes a Config, a flag and milliseconds");
    number_i64(given[1], &give_up);
    number_i64(given[2], &timeout_ms);
    ddtrace_tracer *handle = handle_of(self);
    ddtrace_config *config = ((ConfigObject *)given[0])->handle;
    ddtrace_error *error = NULL;
    ddtrace_status status;
    Py_BEGIN_ALLOW_THREADS
    status = dd.tracer_configure(handle, config, give_up ? DDTRACE_CONFIGURE_GIVE_UP_OPEN_TRACES : 0, (uint32_t)timeout_ms, &error);
    Py_END_ALLOW_THREADS
    if (status != DDTRACE_OK)
        return raise_status(status, error);
    Py_RETURN_NONE;
}

static PyObject *sample(PyObject *self, PyObject *span)
{
    if (!IS_SPAN(span))
        return PyErr_Format(PyExc_TypeError, "a Span is expected, not %R", Py_TYPE(span));
    (void)dd.tracer_sample(handle_of(self), ((SpanObject *)span)->handle);
    Py_RETURN_NONE;
}

/* Fills a dict from `name\0value\0…`. */
static PyObject *dict_of(const char *text, size_t len)
{
    PyObject *dict = PyDict_New();
    const char *end = text + len;
    while (dict != NULL && text < end) {
        const char *value = text + strlen(text) + 1;
        PyObject *item = PyUnicode_DecodeUTF8(value, (Py_ssize_t)strlen(value), "replace");
        if (item == NULL || PyDict_SetItemString(dict, text, item) < 0)
            Py_CLEAR(dict);
        Py_XDECREF(item);
        text = value + strlen(value) + 1;
    }
    return dict;
}

/* log_correlation(span or context or None): without an argument the active one. */
static PyObject *log_correlation(PyObject *self, arguments given, Py_ssize_t count)
{
    PyObject *active = count > 0 ? Py_NewRef(given[0]) : active_get();
    ddtrace_span *span = active != NULL && IS_SPAN(active) ? ((SpanObject *)active)->handle : NULL;
    ddtrace_context *context = active != NULL && IS_CONTEXT(active) ? ((ContextObject *)active)->handle : NULL;
    ddtrace_tracer *handle = handle_of(self);
    char small[512], *buf = small;
    size_t needed = 0;
    ddtrace_status status = dd.log_correlation_buffer(handle, span, context, buf, sizeof small, &needed);
    if (status == DDTRACE_ERR_BUFFER && (buf = PyMem_Malloc(needed)) != NULL)
        status = dd.log_correlation_buffer(handle, span, context, buf, needed, &needed);
    PyObject *result = buf == NULL ? PyErr_NoMemory() : dict_of(buf, status == DDTRACE_OK ? needed : 0);
    if (buf != small)
        PyMem_Free(buf);
    Py_XDECREF(active);
    return result;
}

static PyObject *set_remote_sampling(PyObject *self, arguments given, Py_ssize_t count)
{
    if (count != 2)
        return PyErr_Format(PyExc_TypeError, "set_remote_sampling() takes rules as JSON and a rate, each of them or None");
    struct scratch scratch = {NULL};
    ddtrace_str rules = given[0] == Py_None ? (ddtrace_str)DDTRACE_STR_NONE : text_of(&scratch, given[0]);
    double rate = given[1] == Py_None ? 0 : PyFloat_AsDouble(given[1]);
    ddtrace_error *error = NULL;
    ddtrace_status status = PyErr_Occurred() ? DDTRACE_ERR_INVALID
        : dd.tracer_set_remote_sampling(handle_of(self), rules.ptr, rules.len, given[1] == Py_None ? NULL : &rate, &error);
    scratch_free(&scratch);
    if (status != DDTRACE_OK)
        return raise_status(status, error);
    Py_RETURN_NONE;
}

/* limit_stack(frames, most_recent_first): a stack as error.stack may have it. */
static PyObject *limit_stack(PyObject *self, arguments given, Py_ssize_t count)
{
    if (count != 1 || !PyList_Check(given[0]))
        return PyErr_Format(PyExc_TypeError, "limit_stack() takes a list of frames");
    struct scratch scratch = {NULL};
    Py_ssize_t len = PyList_Size(given[0]);
    ddtrace_str *frames = scratch_alloc(&scratch, sizeof *frames * (size_t)(len + 1));
    ddtrace_tracer *handle = handle_of(self);
    if (frames == NULL)
        return PyErr_NoMemory();
    for (Py_ssize_t i = 0; i < len; i++)
        frames[i] = text_of(&scratch, PyList_GetItem(given[0], i));
    PyObject *result;
    COPIED_TEXT(result, dd.tracer_limit_stack(handle, frames, (size_t)len, 0, buf, cap));
    scratch_free(&scratch);
    return result;
}

static PyObject *memory_exporter(PyObject *self, PyObject *unused)
{
    (void)unused;
    ddtrace_exporter *exporter = NULL;
    ddtrace_status status = dd.tracer_get_exporter(handle_of(self), &exporter);
    if (status != DDTRACE_OK)
        return raise_status(status, NULL);
    ExporterObject *result = PyObject_New(ExporterObject, exporter_type);
    if (result == NULL)
        dd.exporter_free(exporter);
    else
        result->handle = exporter;
    return (PyObject *)result;
}

PyMethodDef tracer_services[] = {
    {"config_get", config_get, METH_O, "A setting in effect, as text."},
    {"config_origin", config_origin, METH_O, "Where a setting comes from."},
    {"startup_json", startup_json, METH_NOARGS, "What the tracer says of itself when it starts."},
    {"agent_info", agent_info, METH_NOARGS, "What the agent said it can do."},
    {"counters", counters, METH_NOARGS, "What the tracer counted."},
    {"native_configure", AS_METHOD(configure), METH_FASTCALL, NULL},
    {"sample", sample, METH_O, "Makes the sampling decision of a span's trace now."},
    {"log_correlation", AS_METHOD(log_correlation), METH_FASTCALL, "The fields that tie a log record to the active span."},
    {"set_remote_sampling", AS_METHOD(set_remote_sampling), METH_FASTCALL, NULL},
    {"limit_stack", AS_METHOD(limit_stack), METH_FASTCALL, NULL},
    {"get_exporter", memory_exporter, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};
