/* SPDX-License-Identifier: Apache-2.0
 *
 * The module: `load` fills it, once the library is there. */
#include "native.h"

PyTypeObject *add_type(PyObject *module, PyType_Spec *spec)
{
    PyObject *type = PyType_FromSpec(spec);
    if (type == NULL || PyModule_AddObjectRef(module, strrchr(spec->name, '.') + 1, type) < 0)
        return NULL;
    return (PyTypeObject *)type;
}

int add_methods(PyTypeObject *type, PyMethodDef *definitions)
{
    for (; definitions->ml_name != NULL; definitions++) {
        PyObject *method = PyDescr_NewMethod(type, definitions);
        int failed = method == NULL || PyObject_SetAttrString((PyObject *)type, definitions->ml_name, method) < 0;
        Py_XDECREF(method);
        if (failed)
            return -1;
    }
    return 0;
}

void free_object(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_Free(self);
    Py_DECREF(type);
}

void free_subclassed(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyObject *live_handles(PyObject *module, PyObject *kind)
{
    (void)module;
    int64_t number = 0;
    number_i64(kind, &number);
    return PyLong_FromSize_t(dd.live_handles((int32_t)number));
}

static PyObject *generate64(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    return PyLong_FromUnsignedLongLong(dd.id_generate64());
}

static PyObject *generate128(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    uint64_t high = 0, low = 0;
    dd.id_generate128(&high, &low);
    return long_from_halves(high, low);
}

static PyObject *runtime_id(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    PyObject *result;
    COPIED_TEXT(result, dd.runtime_id(buf, cap));
    return result;
}

static PyMethodDef library_functions[] = {
    {"live_handles", live_handles, METH_O, NULL},
    {"generate_id", generate64, METH_NOARGS, NULL},
    {"generate_trace_id", generate128, METH_NOARGS, NULL},
    {"runtime_id", runtime_id, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static int add_all(PyObject *module)
{
    static int (*const adders[])(PyObject *) = {add_config, add_exporters, add_tracer, add_span, add_context, add_active, add_propagator,
        add_hooks, add_callbacks, add_hub, add_web, add_subscriptions, add_telemetry, add_statsd};
    for (size_t i = 0; i < sizeof adders / sizeof adders[0]; i++)
        if (adders[i](module) < 0)
            return -1;
    if (PyModule_AddStringConstant(module, "library_path", library_path) < 0
        || PyModule_AddStringConstant(module, "library_version", dd.version()) < 0)
        return -1;
    return PyModule_AddFunctions(module, library_functions);
}

#define MOST_PATHS 8

/* load(paths): loads the library from the first of them that has it; ImportError if none has. */
static PyObject *load(PyObject *module, PyObject *paths)
{
    const char *texts[MOST_PATHS];
    struct scratch scratch = {NULL};
    if (library_path != NULL)
        Py_RETURN_NONE;
    if (!PyList_Check(paths) || PyList_Size(paths) > MOST_PATHS)
        return PyErr_Format(PyExc_TypeError, "load() takes a list of at most %d paths", MOST_PATHS);
    size_t count = (size_t)PyList_Size(paths);
    for (size_t i = 0; i < count; i++)
        texts[i] = text_of(&scratch, PyList_GetItem(paths, (Py_ssize_t)i)).ptr;
    int loaded = library_load(texts, count);
    scratch_free(&scratch);
    if (loaded < 0 || add_all(module) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"load", load, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "libddtrace._native", "The part of libddtrace that is in C.", -1, functions,
    NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__native(void)
{
    return PyModule_Create(&definition);
}
