/* SPDX-License-Identifier: Apache-2.0
 *
 * The way from threads of the library into Python, and its end: a thread that asks for the GIL of an interpreter that has ended would be
 * ended itself, inside of the library. */
#include "native.h"

#include <stdatomic.h>
#include <time.h>

static atomic_int in_flight;
static atomic_bool closed;

int callback_enter(struct entry *entry)
{
    atomic_fetch_add(&in_flight, 1);
    if (atomic_load(&closed)) {
        atomic_fetch_sub(&in_flight, 1);
        return 0;
    }
    entry->state = PyGILState_Ensure();
    return 1;
}

void callback_leave(struct entry *entry)
{
    PyGILState_Release(entry->state);
    atomic_fetch_sub(&in_flight, 1);
}

void callback_free(void *object)
{
    struct entry entry;
    if (object == NULL || !callback_enter(&entry))
        return;
    Py_DECREF((PyObject *)object);
    callback_leave(&entry);
}

void callback_failed(PyObject *function)
{
    static int told;
    if (told++ < 10)
        PyErr_WriteUnraisable(function);
    else
        PyErr_Clear();
}

/* close_callbacks(seconds): no function is called any more; waits for those that are being called. */
static PyObject *close_callbacks(PyObject *module, PyObject *seconds)
{
    (void)module;
    double limit = PyFloat_AsDouble(seconds);
    if (PyErr_Occurred())
        return NULL;
    atomic_store(&closed, 1);
    Py_BEGIN_ALLOW_THREADS
    for (double waited = 0; atomic_load(&in_flight) > 0 && waited < limit; waited += 0.001) {
        struct timespec pause = {0, 1000000};
        nanosleep(&pause, NULL);
    }
    Py_END_ALLOW_THREADS
    return PyBool_FromLong(atomic_load(&in_flight) == 0);
}

/* In a forked child: the threads that were on their way are not there. */
static PyObject *reset_callbacks(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    atomic_store(&in_flight, 0);
    Py_RETURN_NONE;
}

static void log_message(void *function, int32_t level, const char *message, size_t len)
{
    struct entry entry;
    if (!callback_enter(&entry))
        return;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *result = PyObject_CallFunction(function, "iN", (int)level, string_from((ddtrace_str){message, len}));
    if (result == NULL)
        callback_failed(function);
    Py_XDECREF(result);
    PyErr_Restore(type, value, traceback);
    callback_leave(&entry);
}

/* set_log_callback(function or None) */
static PyObject *set_log_callback(PyObject *module, PyObject *function)
{
    (void)module;
    ddtrace_status status;
    int is_none = function == Py_None;
    if (!is_none)
        Py_INCREF(function);
    Py_BEGIN_ALLOW_THREADS
    status = is_none ? dd.set_log_callback(NULL, NULL, NULL) : dd.set_log_callback(log_message, function, callback_free);
    Py_END_ALLOW_THREADS
    return status == DDTRACE_OK ? Py_NewRef(Py_None) : raise_status(status, NULL);
}

static PyMethodDef functions[] = {
    {"close_callbacks", close_callbacks, METH_O, NULL},
    {"reset_callbacks", reset_callbacks, METH_NOARGS, NULL},
    {"set_log_callback", set_log_callback, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

int add_callbacks(PyObject *module)
{
    return PyModule_AddFunctions(module, functions);
}
