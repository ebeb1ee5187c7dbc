/* SPDX-License-Identifier: Apache-2.0
 *
 * Span: tags. None of these raises for what it is given: what is no text is made one, and what cannot be said is left out. */
#include "native.h"

static ddtrace_span *handle_of(PyObject *self)
{
    return ((SpanObject *)self)->handle;
}

static void set_one(ddtrace_span *span, PyObject *key, PyObject *value)
{
    struct scratch scratch = {NULL};
    ddtrace_str name = text_of(&scratch, key);
    if (PyUnicode_Check(value)) {
        ddtrace_str text = value_of(&scratch, value);
        (void)dd.span_set_tag(span, name.ptr, name.len, text.ptr, text.len);
    } else {
        ddtrace_tag tag = {name, DDTRACE_TAG_NULL, 0, {DDTRACE_STR_NONE}};
        tag_value(&scratch, &tag, value, 0);
        (void)dd.span_set_tags(span, &tag, 1);
    }
    scratch_free(&scratch);
}

/* Some tags act on the trace without a value: set_tag("manual.keep"). */
static PyObject *set_tag(PyObject *self, arguments given, Py_ssize_t count, PyObject *names)
{
    static struct signature signature = {"set_tag", 2, 1, {"key", "value", NULL}, {NULL}, 0};
    if (count == 2 && names == NULL) {
        set_one(handle_of(self), given[0], given[1]);
        Py_RETURN_NONE;
    }
    PyObject *values[MAX_PARAMETERS];
    if (parse_arguments(&signature, given, count, names, values) < 0)
        return NULL;
    set_one(handle_of(self), values[0] ? values[0] : Py_None, values[1] ? values[1] : Py_None);
    Py_RETURN_NONE;
}

static PyObject *set_tags(PyObject *self, PyObject *mapping)
{
    struct tag_list tags;
    tag_list_init(&tags);
    tag_list_extend(&tags, mapping);
    if (tags.len > 0)
        (void)dd.span_set_tags(handle_of(self), tags.items, tags.len);
    tag_list_free(&tags);
    Py_RETURN_NONE;
}

static void set_number(ddtrace_span *span, PyObject *key, PyObject *value)
{
    struct scratch scratch = {NULL};
    ddtrace_str name = text_of(&scratch, key);
    int overflow = 0;
    long long whole = 0;
    if (PyLong_Check(value) && ((whole = PyLong_AsLongLongAndOverflow(value, &overflow)), overflow == 0)) {
        (void)dd.span_set_tag_i64(span, name.ptr, name.len, whole);
    } else {
        /* Text that says a number is one. */
        PyObject *number = PyNumber_Float(value);
        if (number != NULL)
            (void)dd.span_set_tag_f64(span, name.ptr, name.len, PyFloat_AsDouble(number));
        PyErr_Clear();
        Py_XDECREF(number);
    }
    scratch_free(&scratch);
}

static PyObject *set_metric(PyObject *self, arguments given, Py_ssize_t count, PyObject *names)
{
    static struct signature signature = {"set_metric", 2, 2, {"key", "value", NULL}, {NULL}, 0};
    PyObject *values[MAX_PARAMETERS];
    if (parse_arguments(&signature, given, count, names, values) < 0)
        return NULL;
    if (values[0] != NULL && values[1] != NULL)
        set_number(handle_of(self), values[0], values[1]);
    Py_RETURN_NONE;
}

static PyObject *set_metrics(PyObject *self, PyObject *mapping)
{
    PyObject *copy = PyDict_New();
    if (copy != NULL && PyDict_Update(copy, mapping) == 0) {
        PyObject *key, *value;
        Py_ssize_t position = 0;
        while (PyDict_Next(copy, &position, &key, &value))
            set_number(handle_of(self), key, value);
    }
    PyErr_Clear();
    Py_XDECREF(copy);
    Py_RETURN_NONE;
}

static PyObject *remove_tag(PyObject *self, PyObject *key)
{
    struct scratch scratch = {NULL};
    ddtrace_str name = text_of(&scratch, key);
    (void)dd.span_unset_tag(handle_of(self), name.ptr, name.len);
    scratch_free(&scratch);
    Py_RETURN_NONE;
}

static PyObject *set_struct(PyObject *self, arguments given, Py_ssize_t count)
{
    char *bytes;
    Py_ssize_t len;
    if (count != 2 || PyBytes_AsStringAndSize(given[1], &bytes, &len) < 0) {
        PyErr_Clear();
        return PyErr_Format(PyExc_TypeError, "set_meta_struct() takes a key and bytes of MessagePack");
    }
    struct scratch scratch = {NULL};
    ddtrace_str name = text_of(&scratch, given[0]);
    (void)dd.span_set_meta_struct(handle_of(self), name.ptr, name.len, (const uint8_t *)bytes, (size_t)len);
    scratch_free(&scratch);
    Py_RETURN_NONE;
}

static PyObject *keep(PyObject *self, PyObject *unused)
{
    (void)unused;
    (void)dd.span_override_sampling(handle_of(self), 2);
    Py_RETURN_NONE;
}

static PyObject *drop(PyObject *self, PyObject *unused)
{
    (void)unused;
    (void)dd.span_override_sampling(handle_of(self), -1);
    Py_RETURN_NONE;
}

static PyObject *keep_for(PyObject *self, PyObject *product)
{
    int64_t number = 0;
    if (number_i64(product, &number))
        (void)dd.span_keep_for(handle_of(self), (uint32_t)number);
    Py_RETURN_NONE;
}

static PyObject *set_status(PyObject *self, arguments given, Py_ssize_t count, PyObject *names)
{
    static struct signature signature = {"set_status", 2, 1, {"status", "description", NULL}, {NULL}, 0};
    PyObject *values[MAX_PARAMETERS];
    if (parse_arguments(&signature, given, count, names, values) < 0)
        return NULL;
    struct scratch scratch = {NULL};
    int64_t status = 0;
    if (number_i64(values[0], &status)) {
        ddtrace_str description = text_of(&scratch, values[1]);
        (void)dd.span_set_status(handle_of(self), (int32_t)status, description.ptr, description.len);
    }
    scratch_free(&scratch);
    Py_RETURN_NONE;
}

PyMethodDef span_setters[] = {
    {"set_tag", AS_METHOD(set_tag), FASTCALL_KEYWORDS, "Sets a tag of any type; None removes it."},
    {"set_tags", set_tags, METH_O, "Sets the items of a mapping."},
    {"set_metric", AS_METHOD(set_metric), FASTCALL_KEYWORDS, "Sets a numeric tag; what is no number is ignored."},
    {"set_metrics", set_metrics, METH_O, "Sets the items of a mapping as numeric tags."},
    {"remove_tag", remove_tag, METH_O, "Removes a tag, text or number."},
    {"set_meta_struct", AS_METHOD(set_struct), METH_FASTCALL, "Attaches bytes of MessagePack."},
    {"keep", keep, METH_NOARGS, "Keeps the trace, whatever the sampler says."},
    {"drop", drop, METH_NOARGS, "Drops the trace, whatever the sampler says."},
    {"keep_for", keep_for, METH_O, "Keeps the trace for a product."},
    {"set_status", AS_METHOD(set_status), FASTCALL_KEYWORDS, "Sets the status: OK is final, a description stays only with ERROR."},
    {NULL, NULL, 0, NULL},
};
