/* SPDX-License-Identifier: Apache-2.0 */
#include "native.h"

/* Lists and maps below this depth are text; the library flattens 16 levels. */
#define DEEPEST 16
#define LONGEST_LIST 10000

void tag_list_init(struct tag_list *list)
{
    list->scratch.blocks = NULL;
    list->items = list->small;
    list->len = 0;
    list->cap = sizeof list->small / sizeof list->small[0];
}

static ddtrace_tag *next_tag(struct tag_list *list)
{
    if (list->len == list->cap) {
        size_t cap = list->cap * 4;
        ddtrace_tag *larger = scratch_alloc(&list->scratch, cap * sizeof *larger);
        if (larger == NULL)
            return NULL;
        memcpy(larger, list->items, list->len * sizeof *larger);
        list->items = larger;
        list->cap = cap;
    }
    ddtrace_tag *tag = &list->items[list->len];
    tag->reserved = 0;
    return tag;
}

static void add_tag(struct tag_list *list, PyObject *key, PyObject *value, int depth)
{
    ddtrace_tag *tag = next_tag(list);
    if (tag == NULL)
        return;
    tag->key = text_of(&list->scratch, key);
    tag_value(&list->scratch, tag, value, depth);
    list->len++;
}

/* Of something that has items() and is no dict. A new reference, or NULL. */
static PyObject *as_dict(PyObject *mapping)
{
    PyObject *copy = PyDict_New();
    if (copy != NULL && PyDict_Update(copy, mapping) == 0)
        return copy;
    PyErr_Clear();
    Py_XDECREF(copy);
    return NULL;
}

/* Whether making text of it may call functions in Python. */
static int is_foreign(PyObject *object)
{
    return !PyUnicode_Check(object) && !PyLong_CheckExact(object) && !PyFloat_Check(object) && !PyBool_Check(object) && object != Py_None;
}

static void extend(struct tag_list *list, PyObject *mapping, int depth)
{
    if (!PyDict_Check(mapping)) {
        mapping = scratch_keep(&list->scratch, as_dict(mapping));
        if (mapping == NULL)
            return;
    }
    PyObject *key, *value, *copy = NULL;
    Py_ssize_t position = 0;
    while (list->len < LONGEST_LIST && PyDict_Next(mapping, &position, &key, &value)) {
        /* What is called may change the dict, in which are the texts that the list refers to. */
        if (copy == NULL && (is_foreign(key) || is_foreign(value))) {
            copy = scratch_keep(&list->scratch, PyDict_Copy(mapping));
            if (copy == NULL) {
                PyErr_Clear();
                return;
            }
            mapping = copy;
        }
        add_tag(list, key, value, depth);
    }
}

void tag_list_extend(struct tag_list *list, PyObject *mapping)
{
    if (mapping != NULL && mapping != Py_None)
        extend(list, mapping, 0);
}

/* A list in the memory of another one's scratch. */
static void fill_list(struct scratch *scratch, ddtrace_tag *tag, PyObject *value, int depth)
{
    struct tag_list *inner = scratch_alloc(scratch, sizeof *inner);
    tag->value.list.ptr = NULL;
    tag->value.list.len = 0;
    if (inner == NULL)
        return;
    tag_list_init(inner);
    if (tag->kind == DDTRACE_TAG_MAP) {
        extend(inner, value, depth);
    } else {
        Py_ssize_t len = PySequence_Size(value);
        for (Py_ssize_t i = 0; i < len && i < LONGEST_LIST; i++) {
            PyObject *item = scratch_keep(&inner->scratch, PySequence_GetItem(value, i));
            if (item == NULL)
                break;
            add_tag(inner, NULL, item, depth);
        }
        PyErr_Clear();
    }
    tag->value.list.ptr = inner->items;
    tag->value.list.len = inner->len;
    /* What the inner list took is freed with the outer one. */
    scratch_adopt(scratch, &inner->scratch);
}

void tag_value(struct scratch *scratch, ddtrace_tag *tag, PyObject *value, int depth)
{
    if (PyUnicode_Check(value)) {
        tag->kind = DDTRACE_TAG_STRING;
        tag->value.string = value_of(scratch, value);
    } else if (PyBool_Check(value)) {
        tag->kind = DDTRACE_TAG_BOOL;
        tag->value.i64 = value == Py_True;
    } else if (PyFloat_Check(value)) {
        tag->kind = DDTRACE_TAG_F64;
        tag->value.f64 = PyFloat_AsDouble(value);
    } else if (value == Py_None) {
        tag->kind = DDTRACE_TAG_NULL;
    } else if (PyLong_Check(value)) {
        int overflow = 0;
        long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
        if (overflow == 0) {
            tag->kind = DDTRACE_TAG_I64;
            tag->value.i64 = number;
        } else {
            tag->kind = DDTRACE_TAG_STRING;
            tag->value.string = value_of(scratch, value);
        }
    } else if (depth < DEEPEST && (PyList_Check(value) || PyTuple_Check(value) || PyDict_Check(value))) {
        tag->kind = PyDict_Check(value) ? DDTRACE_TAG_MAP : DDTRACE_TAG_ARRAY;
        fill_list(scratch, tag, value, depth + 1);
    } else {
        tag->kind = DDTRACE_TAG_STRING;
        tag->value.string = value_of(scratch, value);
    }
}
