/* SPDX-License-Identifier: Apache-2.0
 *
 * Propagator: contexts in headers. */
#include "native.h"

typedef struct {
    PyObject_HEAD
    ddtrace_propagator *handle;
} PropagatorObject;

static PyTypeObject *propagator_type;

/* Names of headers are few: each is made once. */
#define NAMES 64
static struct {
    const char *text;
    PyObject *name;
} names_made[NAMES];

/* A borrowed reference for names that were kept, else one that `made` holds. */
static PyObject *name_of(const char *text, size_t len, PyObject **made)
{
    unsigned place = (unsigned)(len * 7 + (unsigned char)text[len - 1] + 3u * (unsigned char)text[len / 2]) % NAMES;
    if (names_made[place].text != NULL && strcmp(names_made[place].text, text) == 0)
        return names_made[place].name;
    *made = PyUnicode_InternFromString(text);
    if (*made != NULL && names_made[place].text == NULL) {
        names_made[place].name = Py_NewRef(*made);
        names_made[place].text = PyUnicode_AsUTF8AndSize(*made, NULL);
    }
    return *made;
}

static void put_headers(PyObject *carrier, const char *text, size_t len)
{
    int is_dict = PyDict_CheckExact(carrier);
    const char *end = text + len;
    while (text < end) {
        size_t name_len = strlen(text);
        const char *value = text + name_len + 1;
        size_t value_len = strlen(value);
        PyObject *made = NULL, *name = name_len == 0 ? NULL : name_of(text, name_len, &made);
        PyObject *content = PyUnicode_DecodeUTF8(value, (Py_ssize_t)value_len, "replace");
        if (name == NULL || content == NULL
            || (is_dict ? PyDict_SetItem(carrier, name, content) : PyObject_SetItem(carrier, name, content)) < 0)
            PyErr_Clear();
        Py_XDECREF(content);
        Py_XDECREF(made);
        text = value + value_len + 1;
    }
}

static ddtrace_status write_headers(PropagatorObject *self, PyObject *what, char *buf, size_t cap, size_t *needed)
{
    if (IS_SPAN(what))
        return dd.propagator_inject_span(self->handle, ((SpanObject *)what)->handle, buf, cap, needed);
    return dd.propagator_inject_context(self->handle, ((ContextObject *)what)->handle, buf, cap, needed);
}

/* inject(span or context, carrier) */
static PyObject *inject(PyObject *object, arguments given, Py_ssize_t count)
{
    PropagatorObject *self = (PropagatorObject *)object;
    if (count != 2 || !(IS_SPAN(given[0]) || IS_CONTEXT(given[0])))
        return PyErr_Format(PyExc_TypeError, "inject() takes a Span or a Context, and a mapping to write to");
    char small[2048], *buf = small;
    size_t needed = 0;
    ddtrace_status status = write_headers(self, given[0], buf, sizeof small, &needed);
    if (status == DDTRACE_ERR_BUFFER && (buf = PyMem_Malloc(needed)) != NULL)
        status = write_headers(self, given[0], buf, needed, &needed);
    if (status == DDTRACE_OK && buf != NULL)
        put_headers(given[1], buf, needed);
    if (buf != small)
        PyMem_Free(buf);
    Py_RETURN_NONE;
}

struct pairs {
    ddtrace_str *texts;
    size_t len, cap;
};

static void add_pair(struct scratch *scratch, struct pairs *pairs, PyObject *name, PyObject *value)
{
    if (PyList_Check(value) || PyTuple_Check(value)) {
        Py_ssize_t len = PySequence_Size(value);
        for (Py_ssize_t i = 0; i < len; i++) {
            PyObject *item = scratch_keep(scratch, PySequence_GetItem(value, i));
            if (item != NULL && !PyList_Check(item) && !PyTuple_Check(item))
                add_pair(scratch, pairs, name, item);
        }
        PyErr_Clear();
        return;
    }
    if (pairs->len == pairs->cap) {
        ddtrace_str *larger = scratch_alloc(scratch, 8 * pairs->cap * sizeof *larger);
        if (larger == NULL)
            return;
        memcpy(larger, pairs->texts, 2 * pairs->len * sizeof *larger);
        pairs->texts = larger;
        pairs->cap *= 4;
    }
    if (!PyUnicode_Check(value))
        scratch_keep(scratch, Py_NewRef(value));
    pairs->texts[2 * pairs->len] = text_of(scratch, name);
    pairs->texts[2 * pairs->len + 1] = text_of(scratch, value);
    pairs->len++;
}

static void add_pairs(struct scratch *scratch, struct pairs *pairs, PyObject *headers)
{
    if (PyDict_Check(headers)) {
        PyObject *name, *value;
        Py_ssize_t position = 0;
        while (PyDict_Next(headers, &position, &name, &value))
            add_pair(scratch, pairs, name, value);
        return;
    }
    /* Another mapping by its items(), else the pairs themselves, as ASGI has them. */
    PyObject *items = PyObject_HasAttrString(headers, "items") ? PyObject_CallMethod(headers, "items", NULL) : Py_NewRef(headers);
    PyObject *iterator = scratch_keep(scratch, items) == NULL ? NULL : scratch_keep(scratch, PyObject_GetIter(items));
    PyObject *pair;
    while (iterator != NULL && (pair = scratch_keep(scratch, PyIter_Next(iterator))) != NULL) {
        if (!PySequence_Check(pair) || PySequence_Size(pair) != 2)
            continue;
        PyObject *name = scratch_keep(scratch, PySequence_GetItem(pair, 0)), *value = scratch_keep(scratch, PySequence_GetItem(pair, 1));
        if (name != NULL && value != NULL)
            add_pair(scratch, pairs, name, value);
    }
    PyErr_Clear();
}

#define FEW_HEADERS 32

ddtrace_str *header_pairs(struct scratch *scratch, PyObject *headers, size_t *count)
{
    struct pairs pairs = {scratch_alloc(scratch, 2 * FEW_HEADERS * sizeof(ddtrace_str)), 0, FEW_HEADERS};
    if (headers != NULL && pairs.texts != NULL)
        add_pairs(scratch, &pairs, headers);
    *count = pairs.len;
    return pairs.texts;
}

static void count_item(void *count, ddtrace_str key, ddtrace_str value)
{
    (void)key, (void)value;
    ++*(size_t *)count;
}

/* A context that names no trace is of use for its baggage, and for its links. */
static int says_nothing(ddtrace_context *context)
{
    if (!dd.context_is_empty(context))
        return 0;
    size_t items = 0;
    (void)dd.context_each_baggage(context, count_item, &items);
    char json[2048] = "";
    return items == 0 && dd.context_to_json(context, json, sizeof json) < sizeof json && strstr(json, "\"links\":[{") == NULL
        && strstr(json, "\"span_links\":[{") == NULL;
}

/* extract(headers): a Context, or None if there is nothing in them. */
static PyObject *extract(PyObject *object, PyObject *headers)
{
    PropagatorObject *self = (PropagatorObject *)object;
    struct scratch scratch = {NULL};
    ddtrace_str few[2 * FEW_HEADERS];
    struct pairs pairs = {few, 0, FEW_HEADERS};
    if (headers != Py_None)
        add_pairs(&scratch, &pairs, headers);
    ddtrace_context *context = NULL;
    ddtrace_status status = dd.propagator_extract(self->handle, pairs.texts, pairs.len, &context);
    scratch_free(&scratch);
    if (status != DDTRACE_OK)
        Py_RETURN_NONE;
    if (says_nothing(context)) {
        dd.context_free(context);
        Py_RETURN_NONE;
    }
    return context_wrap(context, NULL);
}

static PyObject *propagator_new(PyTypeObject *type, PyObject *positional, PyObject *named)
{
    (void)named;
    PyObject *config = NULL;
    if (!PyArg_ParseTuple(positional, "|O:Propagator", &config))
        return NULL;
    ddtrace_config *settings = NULL;
    if (config != NULL && config != Py_None) {
        if (!PyObject_TypeCheck(config, config_type))
            return PyErr_Format(PyExc_TypeError, "a Config is expected, not %R", Py_TYPE(config));
        settings = ((ConfigObject *)config)->handle;
    }
    ddtrace_propagator *handle = NULL;
    ddtrace_error *error = NULL;
    ddtrace_status status = dd.propagator_new(settings, &handle, &error);
    if (status != DDTRACE_OK)
        return raise_status(status, error);
    PropagatorObject *self = (PropagatorObject *)PyType_GenericAlloc(type, 0);
    if (self == NULL)
        dd.propagator_free(handle);
    else
        self->handle = handle;
    return (PyObject *)self;
}

static void propagator_dealloc(PyObject *self)
{
    dd.propagator_free(((PropagatorObject *)self)->handle);
    free_subclassed(self);
}

static PyMethodDef methods[] = {
    {"inject", AS_METHOD(inject), METH_FASTCALL, "Writes the headers of a span or context to a mapping."},
    {"extract", extract, METH_O, "Reads a context from headers: a mapping, or pairs of names and values."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "Reads and writes the headers of all configured styles."},
    {Py_tp_new, propagator_new},
    {Py_tp_dealloc, propagator_dealloc},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec spec = {"libddtrace._native.Propagator", sizeof(PropagatorObject), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, slots};

int add_propagator(PyObject *module)
{
    propagator_type = add_type(module, &spec);
    return propagator_type == NULL ? -1 : 0;
}
