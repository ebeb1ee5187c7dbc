/* SPDX-License-Identifier: Apache-2.0
 *
 * Baggage of spans and of contexts. */
#include "native.h"

static void visit(void *dict, ddtrace_str key, ddtrace_str value)
{
    PyObject *name = string_from(key), *text = string_from(value);
    if (name == NULL || text == NULL || PyDict_SetItem(dict, name, text) < 0)
        PyErr_Clear();
    Py_XDECREF(name);
    Py_XDECREF(text);
}

/* The same functions for both kinds of handles. */
#define BAGGAGE(kind, Object)                                                                                                             \
    static PyObject *kind##_set(PyObject *self, arguments given, Py_ssize_t count, PyObject *names)                                       \
    {                                                                                                                                     \
        static struct signature signature = {"set_baggage_item", 2, 2, {"key", "value", NULL}, {NULL}, 0};                                \
        PyObject *values[MAX_PARAMETERS];                                                                                                 \
        if (parse_arguments(&signature, given, count, names, values) < 0)                                                                 \
            return NULL;                                                                                                                  \
        struct scratch scratch = {NULL};                                                                                                  \
        ddtrace_str key = text_of(&scratch, values[0]), value = text_of(&scratch, values[1]);                                             \
        (void)dd.kind##_set_baggage(((Object *)self)->handle, key.ptr, key.len, value.ptr, value.len);                                    \
        scratch_free(&scratch);                                                                                                           \
        Py_RETURN_NONE;                                                                                                                   \
    }                                                                                                                                     \
    static PyObject *kind##_get(PyObject *self, PyObject *key)                                                                            \
    {                                                                                                                                     \
        struct scratch scratch = {NULL};                                                                                                  \
        ddtrace_str name = text_of(&scratch, key);                                                                                        \
        PyObject *result;                                                                                                                 \
        COPIED_TEXT(result, dd.kind##_get_baggage(((Object *)self)->handle, name.ptr, name.len, buf, cap));                               \
        scratch_free(&scratch);                                                                                                           \
        return result;                                                                                                                    \
    }                                                                                                                                     \
    static PyObject *kind##_all(PyObject *self, PyObject *unused)                                                                         \
    {                                                                                                                                     \
        (void)unused;                                                                                                                     \
        PyObject *dict = PyDict_New();                                                                                                    \
        if (dict != NULL)                                                                                                                 \
            (void)dd.kind##_each_baggage(((Object *)self)->handle, visit, dict);                                                          \
        return dict;                                                                                                                      \
    }                                                                                                                                     \
    static PyObject *kind##_remove(PyObject *self, PyObject *key)                                                                         \
    {                                                                                                                                     \
        struct scratch scratch = {NULL};                                                                                                  \
        ddtrace_str name = text_of(&scratch, key);                                                                                        \
        (void)dd.kind##_unset_baggage(((Object *)self)->handle, name.ptr, name.len);                                                      \
        scratch_free(&scratch);                                                                                                           \
        Py_RETURN_NONE;                                                                                                                   \
    }                                                                                                                                     \
    static PyObject *kind##_clear(PyObject *self, PyObject *unused)                                                                       \
    {                                                                                                                                     \
        (void)unused;                                                                                                                     \
        (void)dd.kind##_clear_baggage(((Object *)self)->handle);                                                                          \
        Py_RETURN_NONE;                                                                                                                   \
    }                                                                                                                                     \
    PyMethodDef kind##_baggage[] = {                                                                                                      \
        {"set_baggage_item", AS_METHOD(kind##_set), FASTCALL_KEYWORDS, "Sets an item that goes along with the trace."},                   \
        {"get_baggage_item", kind##_get, METH_O, "An item, or None."},                                                                    \
        {"get_all_baggage_items", kind##_all, METH_NOARGS, "All items."},                                                                 \
        {"remove_baggage_item", kind##_remove, METH_O, "Removes an item."},                                                               \
        {"remove_all_baggage_items", kind##_clear, METH_NOARGS, "Removes all items."},                                                    \
        {NULL, NULL, 0, NULL},                                                                                                            \
    };
BAGGAGE(span, SpanObject)
BAGGAGE(context, ContextObject)
