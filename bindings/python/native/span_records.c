/* SPDX-License-Identifier: Apache-2.0
 *
 * Span: exceptions, events, links, pointers. */
#include "native.h"

/* describe(exception or type, exception, traceback) of the package: (type, message, stack), or None for what is no error. */
static PyObject *describe;

static ddtrace_span *handle_of(PyObject *self)
{
    return ((SpanObject *)self)->handle;
}

static PyObject *described(PyObject *type, PyObject *exception, PyObject *traceback)
{
    if (describe == NULL)
        return NULL;
    PyObject *error = PyObject_CallFunctionObjArgs(describe, type, exception ? exception : Py_None, traceback ? traceback : Py_None, NULL);
    if (error != NULL && PyTuple_Check(error) && PyTuple_Size(error) == 3)
        return error;
    PyErr_Clear();
    Py_XDECREF(error);
    return NULL;
}

struct error_texts {
    ddtrace_str type, message, stack;
};

static struct error_texts described_texts(struct scratch *scratch, PyObject *error)
{
    return (struct error_texts){text_of(scratch, PyTuple_GetItem(error, 0)), text_of(scratch, PyTuple_GetItem(error, 1)),
        text_of(scratch, PyTuple_GetItem(error, 2))};
}

static PyObject *set_exc_info(PyObject *self, arguments given, Py_ssize_t count)
{
    if (count < 1 || count > 3)
        return PyErr_Format(PyExc_TypeError, "set_exc_info() takes a type, an exception and a traceback");
    if (given[0] == Py_None && (count < 2 || given[1] == Py_None))
        Py_RETURN_NONE;
    struct scratch scratch = {NULL};
    PyObject *error = scratch_keep(&scratch, described(given[0], count > 1 ? given[1] : NULL, count > 2 ? given[2] : NULL));
    if (error != NULL) {
        struct error_texts t = described_texts(&scratch, error);
        (void)dd.span_set_exception(handle_of(self), t.type.ptr, t.type.len, t.message.ptr, t.message.len, t.stack.ptr, t.stack.len);
    }
    scratch_free(&scratch);
    Py_RETURN_NONE;
}

static PyObject *set_exception(PyObject *self, arguments given, Py_ssize_t count, PyObject *names)
{
    static struct signature signature = {"set_error", 3, 0, {"type", "message", "stack", NULL}, {NULL}, 0};
    PyObject *values[MAX_PARAMETERS];
    if (parse_arguments(&signature, given, count, names, values) < 0)
        return NULL;
    struct scratch scratch = {NULL};
    ddtrace_str type = text_of(&scratch, values[0]), message = text_of(&scratch, values[1]), stack = text_of(&scratch, values[2]);
    (void)dd.span_set_exception(handle_of(self), type.ptr, type.len, message.ptr, message.len, stack.ptr, stack.len);
    scratch_free(&scratch);
    Py_RETURN_NONE;
}

static PyObject *record_exception(PyObject *self, arguments given, Py_ssize_t count, PyObject *names)
{
    static struct signature signature = {"record_exception", 4, 1, {"exception", "attributes", "escaped", "timestamp", NULL}, {NULL}, 0};
    PyObject *values[MAX_PARAMETERS];
    if (parse_arguments(&signature, given, count, names, values) < 0)
        return NULL;
    struct tag_list attributes;
    tag_list_init(&attributes);
    PyObject *error = values[0] == NULL ? NULL : described(values[0], values[0], NULL);
    scratch_keep(&attributes.scratch, error);
    if (error != NULL) {
        tag_list_extend(&attributes, values[1]);
        if (values[2] != NULL && PyObject_IsTrue(values[2]) == 1 && attributes.len < attributes.cap)
            attributes.items[attributes.len++]
                = (ddtrace_tag){DDTRACE_STR("exception.escaped"), DDTRACE_TAG_STRING, 0, {DDTRACE_STR("True")}};
        struct error_texts t = described_texts(&attributes.scratch, error);
        (void)dd.span_record_exception(handle_of(self), t.type.ptr, t.type.len, t.message.ptr, t.message.len, t.stack.ptr, t.stack.len,
            attributes.items, attributes.len);
    }
    PyErr_Clear();
    tag_list_free(&attributes);
    Py_RETURN_NONE;
}

static PyObject *add_event(PyObject *self, arguments given, Py_ssize_t count, PyObject *names)
{
    static struct signature signature = {"add_event", 3, 1, {"name", "attributes", "time_ns", NULL}, {NULL}, 0};
    PyObject *values[MAX_PARAMETERS];
    if (parse_arguments(&signature, given, count, names, values) < 0)
        return NULL;
    struct tag_list attributes;
    tag_list_init(&attributes);
    tag_list_extend(&attributes, values[1]);
    ddtrace_str name = text_of(&attributes.scratch, values[0]);
    int64_t time_ns = 0;
    number_i64(values[2], &time_ns);
    (void)dd.span_add_event(handle_of(self), name.ptr, name.len, time_ns, attributes.items, attributes.len);
    tag_list_free(&attributes);
    Py_RETURN_NONE;
}

/* add_link(span or context, attributes) */
static PyObject *add_link(PyObject *self, arguments given, Py_ssize_t count, PyObject *names)
{
    static struct signature signature = {"add_link", 2, 1, {"context", "attributes", NULL}, {NULL}, 0};
    PyObject *values[MAX_PARAMETERS];
    if (parse_arguments(&signature, given, count, names, values) < 0)
        return NULL;
    struct tag_list attributes;
    tag_list_init(&attributes);
    tag_list_extend(&attributes, values[1]);
    if (values[0] != NULL && IS_SPAN(values[0]))
        (void)dd.span_link_span(handle_of(self), ((SpanObject *)values[0])->handle, attributes.items, attributes.len);
    else if (values[0] != NULL && IS_CONTEXT(values[0]))
        (void)dd.span_link_context(handle_of(self), ((ContextObject *)values[0])->handle, attributes.items, attributes.len);
    tag_list_free(&attributes);
    Py_RETURN_NONE;
}

/* 128 bits of an int; 0 for what is none. */
void split_id(PyObject *number, uint64_t *high, uint64_t *low)
{
    *high = *low = 0;
    if (number == NULL || !PyLong_Check(number))
        return;
    PyObject *bits = PyLong_FromLong(64);
    PyObject *upper = bits == NULL ? NULL : PyNumber_Rshift(number, bits);
    *low = PyLong_AsUnsignedLongLongMask(number);
    if (upper != NULL)
        *high = PyLong_AsUnsignedLongLongMask(upper);
    PyErr_Clear();
    Py_XDECREF(bits);
    Py_XDECREF(upper);
}

static PyObject *set_link(PyObject *self, arguments given, Py_ssize_t count, PyObject *names)
{
    static struct signature signature
        = {"set_link", 5, 2, {"trace_id", "span_id", "tracestate", "flags", "attributes", NULL}, {NULL}, 0};
    PyObject *values[MAX_PARAMETERS];
    if (parse_arguments(&signature, given, count, names, values) < 0)
        return NULL;
    struct tag_list attributes;
    tag_list_init(&attributes);
    tag_list_extend(&attributes, values[4]);
    ddtrace_link link = DDTRACE_LINK_INIT;
    uint64_t unused;
    split_id(values[0], &link.trace_id_high, &link.trace_id_low);
    split_id(values[1], &unused, &link.span_id);
    if (values[2] != NULL)
        link.tracestate = text_of(&attributes.scratch, values[2]);
    int64_t flags;
    if (number_i64(values[3], &flags)) {
        link.has_flags = 1;
        link.flags = (uint32_t)flags;
    }
    link.attributes = attributes.items;
    link.attributes_len = attributes.len;
    (void)dd.span_add_link(handle_of(self), &link);
    tag_list_free(&attributes);
    Py_RETURN_NONE;
}

/* add_pointer(kind, direction, hash): upstream is "u" or 0. */
static PyObject *add_pointer(PyObject *self, arguments given, Py_ssize_t count, PyObject *names)
{
    static struct signature signature = {"add_pointer", 3, 3, {"kind", "direction", "hash", NULL}, {NULL}, 0};
    PyObject *values[MAX_PARAMETERS];
    if (parse_arguments(&signature, given, count, names, values) < 0)
        return NULL;
    struct scratch scratch = {NULL};
    ddtrace_str kind = text_of(&scratch, values[0]), hash = text_of(&scratch, values[2]);
    int64_t direction = 1;
    if (values[1] != NULL && PyUnicode_Check(values[1])) {
        ddtrace_str said = text_of(&scratch, values[1]);
        direction = said.len == 0 || said.ptr[0] != 'u';
    } else {
        number_i64(values[1], &direction);
    }
    (void)dd.span_add_pointer(handle_of(self), kind.ptr, kind.len, direction != 0, hash.ptr, hash.len);
    scratch_free(&scratch);
    Py_RETURN_NONE;
}

static PyObject *set_header_tags(PyObject *self, arguments given, Py_ssize_t count, PyObject *names)
{
    static struct signature signature = {"set_header_tags", 2, 1, {"headers", "is_response", NULL}, {NULL}, 0};
    PyObject *values[MAX_PARAMETERS];
    if (parse_arguments(&signature, given, count, names, values) < 0)
        return NULL;
    struct scratch scratch = {NULL};
    size_t pairs = 0;
    ddtrace_str *texts = header_pairs(&scratch, values[0], &pairs);
    if (texts != NULL)
        (void)dd.span_set_header_tags(handle_of(self), texts, pairs, values[1] != NULL && PyObject_IsTrue(values[1]) == 1);
    scratch_free(&scratch);
    Py_RETURN_NONE;
}

/* Tells the extension how exceptions are described. */
static PyObject *py_set_describer(PyObject *module, PyObject *function)
{
    (void)module;
    Py_XDECREF(describe);
    describe = Py_NewRef(function);
    Py_RETURN_NONE;
}

PyMethodDef records_functions[] = {
    {"set_describer", py_set_describer, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

PyMethodDef span_records[] = {
    {"set_exc_info", AS_METHOD(set_exc_info), METH_FASTCALL, "Marks the span as failed with what an except clause has."},
    {"set_error", AS_METHOD(set_exception), FASTCALL_KEYWORDS, "Marks the span as failed: type, message, stack."},
    {"record_exception", AS_METHOD(record_exception), FASTCALL_KEYWORDS, "Adds an event for an exception, without marking the span as failed."},
    {"add_event", AS_METHOD(add_event), FASTCALL_KEYWORDS, "Adds an event, now or at the given time."},
    {"add_link", AS_METHOD(add_link), FASTCALL_KEYWORDS, "Adds a link to another span or context."},
    {"set_link", AS_METHOD(set_link), FASTCALL_KEYWORDS, "Adds a link by ids."},
    {"add_pointer", AS_METHOD(add_pointer), FASTCALL_KEYWORDS, "Adds a pointer to an object that another span touched."},
    {"set_header_tags", AS_METHOD(set_header_tags), FASTCALL_KEYWORDS, "Sets the tags of headers that DD_TRACE_HEADER_TAGS names."},
    {NULL, NULL, 0, NULL},
};
