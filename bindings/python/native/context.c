/* SPDX-License-Identifier: Apache-2.0
 *
 * Context: a place in a trace, here or elsewhere, and what goes along with the trace. */
#include "native.h"

PyTypeObject *context_type;

PyObject *context_wrap(ddtrace_context *handle, PyObject *root)
{
    ContextObject *self = PyObject_New(ContextObject, context_type);
    if (self == NULL) {
        dd.context_free(handle);
        return NULL;
    }
    self->handle = handle;
    Py_XINCREF(root);
    self->root = root;
    self->scopes = 0;
    self->weak = NULL;
    return (PyObject *)self;
}

static ddtrace_context *handle_of(PyObject *self)
{
    return ((ContextObject *)self)->handle;
}

static PyObject *context_new(PyTypeObject *type, PyObject *positional, PyObject *named)
{
    (void)type;
    static char *names[] = {"trace_id", "span_id", "sampling_priority", "dd_origin", "baggage", NULL};
    PyObject *trace_id = NULL, *span_id = NULL, *priority = NULL, *origin = NULL, *baggage = NULL;
    if (!PyArg_ParseTupleAndKeywords(positional, named, "|OOOOO:Context", names, &trace_id, &span_id, &priority, &origin, &baggage))
        return NULL;
    ddtrace_span_ids ids = {0};
    uint64_t unused;
    split_id(trace_id, &ids.trace_id_high, &ids.trace_id_low);
    split_id(span_id, &unused, &ids.span_id);
    struct scratch scratch = {NULL};
    int64_t number = 0;
    int32_t decided = 0;
    int is_decided = priority != NULL && priority != Py_None && number_i64(priority, &number);
    decided = (int32_t)number;
    ddtrace_str said = origin == NULL || origin == Py_None ? (ddtrace_str)DDTRACE_STR_NONE : text_of(&scratch, origin);
    ddtrace_context *handle = NULL;
    ddtrace_status status = dd.context_new(&ids, is_decided ? &decided : NULL, said.ptr, said.len, &handle);
    if (status == DDTRACE_ERR_INVALID && said.len > 0)
        status = dd.context_new(&ids, is_decided ? &decided : NULL, NULL, 0, &handle);
    scratch_free(&scratch);
    if (status == DDTRACE_ERR_INVALID)
        return PyErr_Format(PyExc_ValueError, "a Context needs a trace_id and a span_id above 0");
    if (status != DDTRACE_OK)
        return raise_status(status, NULL);
    struct tag_list items;
    tag_list_init(&items);
    tag_list_extend(&items, baggage);
    for (size_t i = 0; i < items.len; i++)
        if (items.items[i].kind == DDTRACE_TAG_STRING)
            (void)dd.context_set_baggage(handle, items.items[i].key.ptr, items.items[i].key.len, items.items[i].value.string.ptr,
                items.items[i].value.string.len);
    tag_list_free(&items);
    return context_wrap(handle, NULL);
}

static void context_dealloc(PyObject *object)
{
    ContextObject *self = (ContextObject *)object;
    if (self->weak != NULL)
        PyObject_ClearWeakRefs(object);
    dd.context_free(self->handle);
    Py_XDECREF(self->root);
    free_object(object);
}

static PyObject *context_compare(PyObject *one, PyObject *other, int operation)
{
    if ((operation != Py_EQ && operation != Py_NE) || !IS_CONTEXT(one) || !IS_CONTEXT(other))
        Py_RETURN_NOTIMPLEMENTED;
    return PyBool_FromLong(dd.context_equals(handle_of(one), handle_of(other)) == (operation == Py_EQ));
}

static Py_hash_t context_hash(PyObject *self)
{
    ddtrace_span_ids ids = {0};
    (void)dd.context_get_ids(handle_of(self), &ids);
    return (Py_hash_t)(ids.trace_id_low >> 1);
}

static PyObject *get_trace_id(PyObject *self, void *closure)
{
    (void)closure;
    ddtrace_span_ids ids = {0};
    (void)dd.context_get_ids(handle_of(self), &ids);
    return long_from_halves(ids.trace_id_high, ids.trace_id_low);
}

static PyObject *get_span_id(PyObject *self, void *closure)
{
    (void)closure;
    ddtrace_span_ids ids = {0};
    (void)dd.context_get_ids(handle_of(self), &ids);
    return PyLong_FromUnsignedLongLong(ids.span_id);
}

static PyObject *get_priority(PyObject *self, void *closure)
{
    (void)closure;
    int32_t priority;
    if (dd.context_get_priority(handle_of(self), &priority) != DDTRACE_OK)
        Py_RETURN_NONE;
    return PyLong_FromLong(priority);
}

static int set_priority(PyObject *self, PyObject *value, void *closure)
{
    (void)closure;
    int64_t priority;
    if (value == NULL || value == Py_None)
        (void)dd.context_unset_priority(handle_of(self));
    else if (number_i64(value, &priority))
        (void)dd.context_set_priority(handle_of(self), (int32_t)priority);
    return 0;
}

static PyObject *get_origin(PyObject *self, void *closure)
{
    (void)closure;
    PyObject *result;
    COPIED_TEXT(result, dd.context_get_origin(handle_of(self), buf, cap));
    return result;
}

static PyObject *get_user_id(PyObject *self, void *closure)
{
    (void)closure;
    PyObject *result;
    COPIED_TEXT(result, dd.context_get_user_id(handle_of(self), buf, cap));
    return result;
}

static int set_user_id(PyObject *self, PyObject *value, void *closure)
{
    (void)closure;
    struct scratch scratch = {NULL};
    ddtrace_str id = value == NULL || value == Py_None ? (ddtrace_str)DDTRACE_STR("") : text_of(&scratch, value);
    (void)dd.context_set_user_id(handle_of(self), id.ptr, id.len);
    scratch_free(&scratch);
    return 0;
}

static PyObject *get_tracestate(PyObject *self, void *closure)
{
    (void)closure;
    PyObject *result;
    COPIED_TEXT(result, dd.context_get_tracestate(handle_of(self), buf, cap));
    return result;
}

static PyObject *get_trace_flags(PyObject *self, void *closure)
{
    (void)closure;
    uint8_t flags = 0;
    (void)dd.context_get_trace_flags(handle_of(self), &flags);
    return PyLong_FromLong(flags);
}

static PyObject *get_is_remote(PyObject *self, void *closure)
{
    (void)closure;
    return PyBool_FromLong(dd.context_is_remote(handle_of(self)));
}

static PyObject *get_is_empty(PyObject *self, void *closure)
{
    (void)closure;
    return PyBool_FromLong(dd.context_is_empty(handle_of(self)));
}

static PyObject *context_get_tag(PyObject *self, PyObject *key)
{
    struct scratch scratch = {NULL};
    ddtrace_str name = text_of(&scratch, key);
    PyObject *result;
    COPIED_TEXT(result, dd.context_get_tag(handle_of(self), name.ptr, name.len, buf, cap));
    scratch_free(&scratch);
    return result;
}

static PyObject *context_copy(PyObject *self, arguments given, Py_ssize_t count)
{
    uint64_t unused, span_id = 0;
    if (count > 0)
        split_id(given[0], &unused, &span_id);
    ddtrace_context *copy = NULL;
    ddtrace_status status = dd.context_copy(handle_of(self), span_id, &copy);
    return status == DDTRACE_OK ? context_wrap(copy, ((ContextObject *)self)->root) : raise_status(status, NULL);
}

static PyObject *context_with_baggage(PyObject *self, arguments given, Py_ssize_t count)
{
    if (count != 2)
        return PyErr_Format(PyExc_TypeError, "with_baggage_item() takes a key and a value");
    struct scratch scratch = {NULL};
    ddtrace_str key = text_of(&scratch, given[0]), value = text_of(&scratch, given[1]);
    ddtrace_context *copy = NULL;
    ddtrace_status status = dd.context_with_baggage_item(handle_of(self), key.ptr, key.len, value.ptr, value.len, &copy);
    scratch_free(&scratch);
    return status == DDTRACE_OK ? context_wrap(copy, ((ContextObject *)self)->root) : raise_status(status, NULL);
}

static PyObject *context_to_json(PyObject *self, PyObject *unused)
{
    (void)unused;
    PyObject *result;
    COPIED_TEXT(result, dd.context_to_json(handle_of(self), buf, cap));
    return result;
}

static PyObject *context_from_json(PyObject *module, PyObject *json)
{
    (void)module;
    struct scratch scratch = {NULL};
    ddtrace_str text = text_of(&scratch, json);
    ddtrace_context *handle = NULL;
    ddtrace_status status = dd.context_from_json(text.ptr, text.len, &handle);
    scratch_free(&scratch);
    return status == DDTRACE_OK ? context_wrap(handle, NULL) : raise_status(status, NULL);
}

static PyObject *context_repr(PyObject *self)
{
    ddtrace_span_ids ids = {0};
    (void)dd.context_get_ids(handle_of(self), &ids);
    char text[96];
    snprintf(text, sizeof text, "<Context trace_id=%016llx%016llx span_id=%016llx>", (unsigned long long)ids.trace_id_high,
        (unsigned long long)ids.trace_id_low, (unsigned long long)ids.span_id);
    return PyUnicode_FromString(text);
}

static PyMethodDef methods[] = {
    {"get_tag", context_get_tag, METH_O, "A propagated tag such as `_dd.p.dm`, or None."},
    {"copy", AS_METHOD(context_copy), METH_FASTCALL, "A context of another span in the same trace."},
    {"with_baggage_item", AS_METHOD(context_with_baggage), METH_FASTCALL, "A copy with one more item of baggage, and baggage of its own."},
    {"to_json", context_to_json, METH_NOARGS, "The context as JSON."},
    {"from_json", context_from_json, METH_O | METH_STATIC, "Reads what to_json wrote."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef properties[] = {
    {"trace_id", get_trace_id, NULL, NULL, NULL},
    {"span_id", get_span_id, NULL, NULL, NULL},
    {"sampling_priority", get_priority, set_priority, NULL, NULL},
    {"dd_origin", get_origin, NULL, NULL, NULL},
    {"dd_user_id", get_user_id, set_user_id, NULL, NULL},
    {"tracestate", get_tracestate, NULL, NULL, NULL},
    {"trace_flags", get_trace_flags, NULL, NULL, NULL},
    {"is_remote", get_is_remote, NULL, NULL, NULL},
    {"is_empty", get_is_empty, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(ContextObject, weak), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "A place in a trace: ids, sampling decision, origin, baggage."},
    {Py_tp_new, context_new},
    {Py_tp_dealloc, context_dealloc},
    {Py_tp_repr, context_repr},
    {Py_tp_hash, context_hash},
    {Py_tp_richcompare, context_compare},
    {Py_tp_methods, methods},
    {Py_tp_members, members},
    {Py_tp_getset, properties},
    {0, NULL},
};

static PyType_Spec spec = {"libddtrace._native.Context", sizeof(ContextObject), 0, Py_TPFLAGS_DEFAULT, slots};

int add_context(PyObject *module)
{
    context_type = add_type(module, &spec);
    return context_type == NULL ? -1 : add_methods(context_type, context_baggage);
}
