/* SPDX-License-Identifier: Apache-2.0 */
#include "native.h"

struct scratch_block {
    struct scratch_block *next;
    PyObject *object;
};

static struct scratch_block *new_block(struct scratch *scratch, size_t size)
{
    struct scratch_block *block = PyMem_Malloc(sizeof *block + size);
    if (block == NULL)
        return NULL;
    block->object = NULL;
    block->next = scratch->blocks;
    scratch->blocks = block;
    return block;
}

void *scratch_alloc(struct scratch *scratch, size_t size)
{
    struct scratch_block *block = new_block(scratch, size);
    return block == NULL ? NULL : block + 1;
}

PyObject *scratch_keep(struct scratch *scratch, PyObject *object)
{
    if (object == NULL)
        return NULL;
    struct scratch_block *block = new_block(scratch, 0);
    if (block == NULL) {
        Py_DECREF(object);
        return NULL;
    }
    block->object = object;
    return object;
}

void scratch_adopt(struct scratch *scratch, struct scratch *other)
{
    struct scratch_block **end = &other->blocks;
    while (*end != NULL)
        end = &(*end)->next;
    *end = scratch->blocks;
    scratch->blocks = other->blocks;
    other->blocks = NULL;
}

void scratch_free_blocks(struct scratch *scratch)
{
    struct scratch_block *block = scratch->blocks;
    scratch->blocks = NULL;
    while (block != NULL) {
        struct scratch_block *next = block->next;
        Py_XDECREF(block->object);
        PyMem_Free(block);
        block = next;
    }
}

/* Of a str that has characters UTF-8 has not (lone surrogates), or that is long. */
static ddtrace_str encoded(struct scratch *scratch, PyObject *string, Py_ssize_t limit)
{
    if (limit > 0 && PyUnicode_GetLength(string) > limit) {
        string = scratch_keep(scratch, PyUnicode_Substring(string, 0, limit));
        if (string == NULL)
            goto failed;
    }
    PyObject *bytes = scratch_keep(scratch, PyUnicode_AsEncodedString(string, "utf-8", "replace"));
    char *ptr;
    Py_ssize_t len;
    if (bytes != NULL && PyBytes_AsStringAndSize(bytes, &ptr, &len) == 0)
        return (ddtrace_str){ptr, (size_t)len};
failed:
    PyErr_Clear();
    return (ddtrace_str)DDTRACE_STR("<unprintable>");
}

ddtrace_str text_slow(struct scratch *scratch, PyObject *object, Py_ssize_t limit)
{
    PyErr_Clear();
    if (object == NULL)
        return (ddtrace_str)DDTRACE_STR_NONE;
    if (PyUnicode_Check(object))
        return encoded(scratch, object, limit);
    if (PyBytes_Check(object)) {
        char *ptr = NULL;
        Py_ssize_t len = 0;
        PyBytes_AsStringAndSize(object, &ptr, &len);
        if (limit > 0 && len > 4 * limit)
            len = 4 * limit;
        return (ddtrace_str){ptr, (size_t)len};
    }
    PyObject *string = scratch_keep(scratch, PyObject_Str(object));
    if (string != NULL)
        return encoded(scratch, string, limit);
    PyErr_Clear();
    return (ddtrace_str)DDTRACE_STR("<unprintable>");
}

PyObject *string_from(ddtrace_str text)
{
    return PyUnicode_DecodeUTF8(text.ptr == NULL ? "" : text.ptr, (Py_ssize_t)text.len, "replace");
}

PyObject *string_from_static(const char *text)
{
    if (text == NULL)
        return Py_NewRef(Py_None);
    return PyUnicode_FromString(text);
}
