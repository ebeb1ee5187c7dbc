/* SPDX-License-Identifier: Apache-2.0
 *
 * Processors and filters that are functions in Python. They run on the thread that starts or finishes a span. */
#include "native.h"

/* ---- processors: user_data is the tuple (on_start, on_finish, shutdown) ---- */

static void tell(PyObject *functions, Py_ssize_t which, ddtrace_span *handle)
{
    struct entry entry;
    if (!callback_enter(&entry))
        return;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *function = PyTuple_GetItem(functions, which);
    if (function != Py_None) {
        PyObject *span = handle == NULL ? NULL : span_wrap(handle);
        PyObject *result = PyObject_CallFunctionObjArgs(function, span, NULL);
        if (result == NULL)
            callback_failed(function);
        Py_XDECREF(result);
        Py_XDECREF(span);
    }
    PyErr_Restore(type, value, traceback);
    callback_leave(&entry);
}

static void on_start(void *functions, ddtrace_span *span)
{
    tell(functions, 0, span);
}

static void on_finish(void *functions, ddtrace_span *span)
{
    tell(functions, 1, span);
}

static void on_shutdown(void *functions)
{
    tell(functions, 2, NULL);
}

#define PROCESSOR "libddtrace.processor"
#define FILTER "libddtrace.filter"

static void free_processor(PyObject *capsule)
{
    dd.processor_free(PyCapsule_GetPointer(capsule, PROCESSOR));
}

static void free_filter(PyObject *capsule)
{
    dd.filter_free(PyCapsule_GetPointer(capsule, FILTER));
}

/* processor(on_start, on_finish, shutdown): each of them or None */
static PyObject *new_processor(PyObject *module, arguments given, Py_ssize_t count)
{
    (void)module;
    if (count != 3)
        return PyErr_Format(PyExc_TypeError, "processor() takes on_start, on_finish and shutdown");
    PyObject *functions = PyTuple_Pack(3, given[0], given[1], given[2]);
    if (functions == NULL)
        return NULL;
    ddtrace_processor_callbacks callbacks = DDTRACE_PROCESSOR_CALLBACKS_INIT;
    callbacks.on_start = given[0] == Py_None ? NULL : on_start;
    callbacks.on_finish = given[1] == Py_None ? NULL : on_finish;
    callbacks.shutdown = given[2] == Py_None ? NULL : on_shutdown;
    ddtrace_processor *handle = NULL;
    ddtrace_status status = dd.processor_new(&callbacks, functions, callback_free, &handle);
    return status == DDTRACE_OK ? PyCapsule_New(handle, PROCESSOR, free_processor) : raise_status(status, NULL);
}

/* ---- filters: user_data is the function ---- */

static int is_in(PyObject *list, PyObject *span)
{
    Py_ssize_t len = PySequence_Size(list);
    for (Py_ssize_t i = 0; i < len; i++) {
        PyObject *item = PySequence_GetItem(list, i);
        int same = item == span;
        Py_XDECREF(item);
        if (same)
            return 1;
    }
    return 0;
}

/* False drops the trace, a list keeps those in it, anything else keeps all. */
static void obey(ddtrace_chunk *chunk, PyObject *spans, PyObject *answer)
{
    if (answer == Py_False) {
        (void)dd.chunk_drop(chunk);
    } else if (PyList_Check(answer) || PyTuple_Check(answer)) {
        for (Py_ssize_t i = PyList_Size(spans) - 1; i >= 0; i--)
            if (!is_in(answer, PyList_GetItem(spans, i)))
                (void)dd.chunk_remove_at(chunk, (size_t)i);
    }
}

static ddtrace_status on_chunk(void *function, ddtrace_chunk *chunk)
{
    struct entry entry;
    if (!callback_enter(&entry))
        return DDTRACE_OK;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    size_t len = dd.chunk_len(chunk);
    PyObject *spans = PyList_New(0);
    for (size_t i = 0; spans != NULL && i < len; i++) {
        ddtrace_span *handle = NULL;
        PyObject *span = dd.chunk_span_at(chunk, i, &handle) == DDTRACE_OK ? span_wrap(handle) : NULL;
        if (span == NULL || PyList_Append(spans, span) < 0)
            Py_CLEAR(spans);
        Py_XDECREF(span);
    }
    PyObject *answer = spans == NULL ? NULL : PyObject_CallFunctionObjArgs(function, spans, NULL);
    ddtrace_status status = DDTRACE_OK;
    if (answer != NULL) {
        obey(chunk, spans, answer);
    } else {
        status = DDTRACE_ERR_LISTENER;
        callback_failed(function);
    }
    PyErr_Clear();
    Py_XDECREF(answer);
    Py_XDECREF(spans);
    PyErr_Restore(type, value, traceback);
    callback_leave(&entry);
    return status;
}

static PyObject *new_filter(PyObject *module, PyObject *function)
{
    (void)module;
    ddtrace_filter *handle = NULL;
    ddtrace_status status = dd.filter_new(on_chunk, Py_NewRef(function), callback_free, &handle);
    return status == DDTRACE_OK ? PyCapsule_New(handle, FILTER, free_filter) : raise_status(status, NULL);
}

/* add_hook(tracer, hook), remove_hook(tracer, hook) */
static PyObject *change(arguments given, Py_ssize_t count, int is_added)
{
    if (count != 2 || !PyObject_TypeCheck(given[0], tracer_type))
        return PyErr_Format(PyExc_TypeError, "a tracer and a hook are expected");
    ddtrace_tracer *tracer = tracer_handle((TracerObject *)given[0]);
    ddtrace_processor *processor = PyCapsule_IsValid(given[1], PROCESSOR) ? PyCapsule_GetPointer(given[1], PROCESSOR) : NULL;
    ddtrace_filter *filter = PyCapsule_IsValid(given[1], FILTER) ? PyCapsule_GetPointer(given[1], FILTER) : NULL;
    ddtrace_status status;
    Py_BEGIN_ALLOW_THREADS
    if (processor != NULL)
        status = is_added ? dd.tracer_add_processor(tracer, processor) : dd.tracer_remove_processor(tracer, processor);
    else
        status = is_added ? dd.tracer_add_filter(tracer, filter) : dd.tracer_remove_filter(tracer, filter);
    Py_END_ALLOW_THREADS
    return status == DDTRACE_OK ? Py_NewRef(Py_None) : raise_status(status, NULL);
}

static PyObject *add_hook(PyObject *module, arguments given, Py_ssize_t count)
{
    (void)module;
    return change(given, count, 1);
}

static PyObject *remove_hook(PyObject *module, arguments given, Py_ssize_t count)
{
    (void)module;
    return change(given, count, 0);
}

static PyMethodDef functions[] = {
    {"processor", AS_METHOD(new_processor), METH_FASTCALL, NULL},
    {"filter", new_filter, METH_O, NULL},
    {"add_hook", AS_METHOD(add_hook), METH_FASTCALL, NULL},
    {"remove_hook", AS_METHOD(remove_hook), METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

int add_hooks(PyObject *module)
{
    return PyModule_AddFunctions(module, functions);
}
