/* SPDX-License-Identifier: Apache-2.0 */
#include "native.h"

#include <strings.h>

static int intern_names(struct signature *signature)
{
    int count = 0;
    while (signature->texts[count] != NULL) {
        signature->names[count] = PyUnicode_InternFromString(signature->texts[count]);
        if (signature->names[count] == NULL)
            return -1;
        count++;
    }
    signature->count = count;
    return 0;
}

static int position_of(const struct signature *signature, PyObject *name)
{
    for (int i = 0; i < signature->count; i++)
        if (signature->names[i] == name)
            return i;
    for (int i = 0; i < signature->count; i++)
        if (PyUnicode_Compare(signature->names[i], name) == 0)
            return i;
    return -1;
}

int parse_arguments(struct signature *signature, arguments given, Py_ssize_t count, PyObject *names, PyObject **values)
{
    if (signature->count == 0 && intern_names(signature) < 0)
        return -1;
    if (count > signature->positional) {
        PyErr_Format(PyExc_TypeError, "%s() takes at most %d positional arguments (%zd given)", signature->function, signature->positional,
            count);
        return -1;
    }
    int i = 0;
    for (; i < count; i++)
        values[i] = given[i] == Py_None ? NULL : given[i];
    for (; i < signature->count; i++)
        values[i] = NULL;
    Py_ssize_t keywords = names == NULL ? 0 : PyTuple_Size(names);
    for (Py_ssize_t k = 0; k < keywords; k++) {
        PyObject *name = PyTuple_GetItem(names, k);
        int position = position_of(signature, name);
        if (position < 0 || position < count) {
            PyErr_Format(PyExc_TypeError, "%s() got %s argument '%U'", signature->function,
                position < 0 ? "an unexpected keyword" : "multiple values for", name);
            return -1;
        }
        PyObject *value = given[count + k];
        values[position] = value == Py_None ? NULL : value;
    }
    for (int r = (int)count; r < signature->required; r++) {
        if (values[r] != NULL)
            continue;
        int is_given = 0;
        for (Py_ssize_t k = 0; k < keywords; k++)
            is_given |= position_of(signature, PyTuple_GetItem(names, k)) == r;
        if (!is_given) {
            PyErr_Format(PyExc_TypeError, "%s() is missing the argument '%s'", signature->function, signature->texts[r]);
            return -1;
        }
    }
    return 0;
}

int number_i64(PyObject *object, int64_t *out)
{
    if (object == NULL)
        return 0;
    PyObject *whole = PyNumber_Long(object);
    int overflow = 1;
    long long value = whole == NULL ? -1 : PyLong_AsLongLongAndOverflow(whole, &overflow);
    Py_XDECREF(whole);
    if (overflow != 0 || (value == -1 && PyErr_Occurred())) {
        PyErr_Clear();
        return 0;
    }
    *out = value;
    return 1;
}

int32_t kind_of(PyObject *object)
{
    static const char *const names[] = {"unspecified", "internal", "server", "client", "producer", "consumer"};
    if (object != NULL && PyUnicode_Check(object)) {
        const char *text = PyUnicode_AsUTF8AndSize(object, NULL);
        for (size_t i = 0; text != NULL && i < sizeof names / sizeof names[0]; i++)
            if (strcasecmp(text, names[i]) == 0)
                return (int32_t)i;
        PyErr_Clear();
        return DDTRACE_SPAN_KIND_UNSPECIFIED;
    }
    int64_t number;
    return number_i64(object, &number) && number >= 0 && number <= DDTRACE_SPAN_KIND_CONSUMER ? (int32_t)number
                                                                                              : DDTRACE_SPAN_KIND_UNSPECIFIED;
}
