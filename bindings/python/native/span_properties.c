/* SPDX-License-Identifier: Apache-2.0
 *
 * Span: what can be read, and fields that can be set. */
#include "native.h"

static ddtrace_span *handle_of(PyObject *self)
{
    return ((SpanObject *)self)->handle;
}

/* A text field: a getter and a setter. An empty answer of a span without handle is "". */
#define TEXT_FIELD(field)                                                                                                                 \
    static PyObject *get_##field(PyObject *self, void *closure)                                                                           \
    {                                                                                                                                     \
        (void)closure;                                                                                                                    \
        PyObject *result;                                                                                                                 \
        COPIED_TEXT(result, dd.span_get_##field(handle_of(self), buf, cap));                                                              \
        if (result != Py_None)                                                                                                            \
            return result;                                                                                                                \
        Py_DECREF(result);                                                                                                                \
        return PyUnicode_FromString("");                                                                                                  \
    }                                                                                                                                     \
    static int set_##field(PyObject *self, PyObject *value, void *closure)                                                                \
    {                                                                                                                                     \
        (void)closure;                                                                                                                    \
        struct scratch scratch = {NULL};                                                                                                  \
        ddtrace_str text = value == NULL || value == Py_None ? (ddtrace_str)DDTRACE_STR("") : value_of(&scratch, value);                  \
        (void)dd.span_set_##field(handle_of(self), text.ptr, text.len);                                                                   \
        scratch_free(&scratch);                                                                                                           \
        return 0;                                                                                                                         \
    }
TEXT_FIELD(name)
TEXT_FIELD(service)
TEXT_FIELD(resource)
TEXT_FIELD(type)

static ddtrace_span_ids ids_of(PyObject *self)
{
    ddtrace_span_ids ids = {0};
    (void)dd.span_get_ids(handle_of(self), &ids);
    return ids;
}

PyObject *long_from_halves(uint64_t high, uint64_t low)
{
    if (high == 0)
        return PyLong_FromUnsignedLongLong(low);
    PyObject *upper = PyLong_FromUnsignedLongLong(high), *lower = PyLong_FromUnsignedLongLong(low), *bits = PyLong_FromLong(64);
    PyObject *shifted = upper && bits ? PyNumber_Lshift(upper, bits) : NULL;
    PyObject *result = shifted && lower ? PyNumber_Or(shifted, lower) : NULL;
    Py_XDECREF(upper);
    Py_XDECREF(lower);
    Py_XDECREF(bits);
    Py_XDECREF(shifted);
    return result;
}

static PyObject *get_trace_id(PyObject *self, void *closure)
{
    (void)closure;
    ddtrace_span_ids ids = ids_of(self);
    return long_from_halves(ids.trace_id_high, ids.trace_id_low);
}

static PyObject *get_span_id(PyObject *self, void *closure)
{
    (void)closure;
    return PyLong_FromUnsignedLongLong(ids_of(self).span_id);
}

static PyObject *get_parent_id(PyObject *self, void *closure)
{
    (void)closure;
    uint64_t id = ids_of(self).parent_id;
    return id == 0 ? Py_NewRef(Py_None) : PyLong_FromUnsignedLongLong(id);
}

static PyObject *get_start(PyObject *self, void *closure)
{
    (void)closure;
    return PyLong_FromLongLong(dd.span_get_start(handle_of(self)));
}

static int set_start(PyObject *self, PyObject *value, void *closure)
{
    (void)closure;
    int64_t start_ns;
    if (number_i64(value, &start_ns))
        (void)dd.span_set_start(handle_of(self), start_ns);
    return 0;
}

static PyObject *get_duration(PyObject *self, void *closure)
{
    (void)closure;
    int64_t duration = dd.span_get_duration(handle_of(self));
    return duration < 0 ? Py_NewRef(Py_None) : PyLong_FromLongLong(duration);
}

static PyObject *get_error(PyObject *self, void *closure)
{
    (void)closure;
    return PyLong_FromLong(dd.span_is_error(handle_of(self)));
}

static int set_error(PyObject *self, PyObject *value, void *closure)
{
    (void)closure;
    int is_true = value == NULL ? 0 : PyObject_IsTrue(value);
    if (is_true < 0)
        PyErr_Clear();
    else
        (void)dd.span_set_error(handle_of(self), is_true);
    return 0;
}

static PyObject *get_kind(PyObject *self, void *closure)
{
    (void)closure;
    return PyLong_FromLong(dd.span_get_kind(handle_of(self)));
}

static int set_kind(PyObject *self, PyObject *value, void *closure)
{
    (void)closure;
    (void)dd.span_set_kind(handle_of(self), value == NULL ? DDTRACE_SPAN_KIND_UNSPECIFIED : kind_of(value));
    return 0;
}

static PyObject *get_status(PyObject *self, void *closure)
{
    (void)closure;
    return PyLong_FromLong(dd.span_get_status(handle_of(self)));
}

static PyObject *get_finished(PyObject *self, void *closure)
{
    (void)closure;
    return PyBool_FromLong(dd.span_is_finished(handle_of(self)));
}

static PyObject *get_recording(PyObject *self, void *closure)
{
    (void)closure;
    return PyBool_FromLong(dd.span_is_recording(handle_of(self)));
}

static PyObject *get_context(PyObject *self, void *closure)
{
    (void)closure;
    SpanObject *span = (SpanObject *)self;
    ddtrace_context *context = NULL;
    (void)dd.span_get_context(span->handle, &context);
    return context_wrap(context, span->root ? span->root : self);
}

static PyObject *get_tracer(PyObject *self, void *closure)
{
    (void)closure;
    PyObject *tracer = (PyObject *)((SpanObject *)self)->tracer;
    return Py_NewRef(tracer == NULL ? Py_None : tracer);
}

static PyObject *get_root(PyObject *self, void *closure)
{
    (void)closure;
    PyObject *root = ((SpanObject *)self)->root;
    return Py_NewRef(root == NULL ? self : root);
}

/* The sampling decision is made by reading this. */
static PyObject *get_trace_flags(PyObject *self, void *closure)
{
    (void)closure;
    uint8_t flags = 0;
    (void)dd.span_get_trace_flags(handle_of(self), &flags);
    return PyLong_FromLong(flags);
}

static PyObject *get_tracestate(PyObject *self, void *closure)
{
    (void)closure;
    PyObject *result;
    COPIED_TEXT(result, dd.span_get_tracestate(handle_of(self), buf, cap));
    return result;
}

static PyObject *get_tag(PyObject *self, PyObject *key)
{
    struct scratch scratch = {NULL};
    ddtrace_str name = text_of(&scratch, key);
    PyObject *result;
    COPIED_TEXT(result, dd.span_get_tag(handle_of(self), name.ptr, name.len, buf, cap));
    scratch_free(&scratch);
    return result;
}

static PyObject *get_metric(PyObject *self, PyObject *key)
{
    struct scratch scratch = {NULL};
    ddtrace_str name = text_of(&scratch, key);
    double number;
    ddtrace_status status = dd.span_get_tag_f64(handle_of(self), name.ptr, name.len, &number);
    scratch_free(&scratch);
    return status == DDTRACE_OK ? PyFloat_FromDouble(number) : Py_NewRef(Py_None);
}

static void put(PyObject *dict, PyObject *key, PyObject *value)
{
    if (key == NULL || value == NULL || PyDict_SetItem(dict, key, value) < 0)
        PyErr_Clear();
    Py_XDECREF(key);
    Py_XDECREF(value);
}

static void visit_tag(void *dict, const ddtrace_tag *tag)
{
    PyObject *value;
    switch (tag->kind) {
    case DDTRACE_TAG_STRING: value = string_from(tag->value.string); break;
    case DDTRACE_TAG_F64: value = PyFloat_FromDouble(tag->value.f64); break;
    case DDTRACE_TAG_I64: value = PyLong_FromLongLong(tag->value.i64); break;
    default: return;
    }
    put(dict, string_from(tag->key), value);
}

static PyObject *get_tags(PyObject *self, PyObject *unused)
{
    (void)unused;
    PyObject *dict = PyDict_New();
    if (dict != NULL)
        (void)dd.span_each_tag(handle_of(self), visit_tag, dict);
    return dict;
}

static PyObject *to_json(PyObject *self, PyObject *unused)
{
    (void)unused;
    PyObject *result;
    COPIED_TEXT(result, dd.span_to_json(handle_of(self), buf, cap));
    return result;
}

PyMethodDef span_getters_methods[] = {
    {"get_tag", get_tag, METH_O, "The text of a tag, or None."},
    {"get_metric", get_metric, METH_O, "The number of a tag, or None."},
    {"get_tags", get_tags, METH_NOARGS, "All tags, text and numbers."},
    {"to_json", to_json, METH_NOARGS, "The span as JSON; None if it records nothing."},
    {NULL, NULL, 0, NULL},
};

PyGetSetDef span_properties[] = {
    {"name", get_name, set_name, NULL, NULL},
    {"service", get_service, set_service, NULL, NULL},
    {"resource", get_resource, set_resource, NULL, NULL},
    {"span_type", get_type, set_type, NULL, NULL},
    {"trace_id", get_trace_id, NULL, NULL, NULL},
    {"span_id", get_span_id, NULL, NULL, NULL},
    {"parent_id", get_parent_id, NULL, NULL, NULL},
    {"start_ns", get_start, set_start, NULL, NULL},
    {"duration_ns", get_duration, NULL, NULL, NULL},
    {"error", get_error, set_error, NULL, NULL},
    {"kind", get_kind, set_kind, NULL, NULL},
    {"status", get_status, NULL, NULL, NULL},
    {"finished", get_finished, NULL, NULL, NULL},
    {"is_recording", get_recording, NULL, NULL, NULL},
    {"context", get_context, NULL, NULL, NULL},
    {"tracer", get_tracer, NULL, NULL, NULL},
    {"local_root", get_root, NULL, NULL, NULL},
    {"trace_flags", get_trace_flags, NULL, NULL, NULL},
    {"tracestate", get_tracestate, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
