/* SPDX-License-Identifier: Apache-2.0
 *
 * The active span, in a contextvars.ContextVar: each thread and each asyncio task has its own. */
#include "native.h"

#include <dlfcn.h>

static PyObject *variable;
static PyObject *get_name, *set_name;

/* CPython's own functions, which are not in the limited API but have not changed since 3.7.1. Without them the variable's methods are called. */
static int (*contextvar_get)(PyObject *var, PyObject *default_value, PyObject **value);
static PyObject *(*contextvar_set)(PyObject *var, PyObject *value);

static PyObject *stored(void)
{
    PyObject *value = NULL;
    if (contextvar_get != NULL) {
        if (contextvar_get(variable, NULL, &value) < 0)
            PyErr_Clear();
        return value;
    }
    value = PyObject_CallMethodObjArgs(variable, get_name, Py_None, NULL);
    if (value == NULL)
        PyErr_Clear();
    return value;
}

void active_set(PyObject *span_or_context)
{
    PyObject *value = span_or_context == NULL ? Py_None : span_or_context;
    PyObject *token = contextvar_set != NULL ? contextvar_set(variable, value)
                                             : PyObject_CallMethodObjArgs(variable, set_name, value, NULL);
    if (token == NULL)
        PyErr_Clear();
    Py_XDECREF(token);
}

int active_is(PyObject *object)
{
    PyObject *value = stored();
    Py_XDECREF(value);
    return value == object;
}

PyObject *open_ancestor(PyObject *object)
{
    while (object != NULL && IS_SPAN(object)) {
        SpanObject *span = (SpanObject *)object;
        if (!dd.span_is_finished(span->handle) && span->handle != NULL)
            return object;
        object = span->parent;
    }
    if (object != NULL && IS_CONTEXT(object) && ((ContextObject *)object)->scopes > 0)
        return object;
    return NULL;
}

PyObject *active_get(void)
{
    PyObject *value = stored();
    if (value == NULL || value == Py_None) {
        Py_XDECREF(value);
        return NULL;
    }
    if (!IS_SPAN(value))
        return value;
    PyObject *open = open_ancestor(value);
    if (open == value)
        return value;
    Py_XINCREF(open);
    active_set(open);
    Py_DECREF(value);
    return open;
}

/* A context from outside becomes active for a scope: it comes back when the spans below it are finished, until the scope ends. */
static PyObject *py_activate(PyObject *module, PyObject *object)
{
    (void)module;
    if (object != Py_None && !IS_SPAN(object) && !IS_CONTEXT(object))
        return PyErr_Format(PyExc_TypeError, "a Span, a Context or None can be active, not %R", Py_TYPE(object));
    PyObject *former = active_get();
    if (IS_CONTEXT(object))
        ((ContextObject *)object)->scopes++;
    active_set(object == Py_None ? NULL : object);
    return former == NULL ? Py_NewRef(Py_None) : former;
}

/* deactivate(object, former): ends a scope. */
static PyObject *py_deactivate(PyObject *module, arguments given, Py_ssize_t count)
{
    (void)module;
    if (count != 2)
        return PyErr_Format(PyExc_TypeError, "deactivate() takes what was activated and what was active before");
    if (IS_CONTEXT(given[0]) && ((ContextObject *)given[0])->scopes > 0)
        ((ContextObject *)given[0])->scopes--;
    active_set(given[1] == Py_None ? NULL : given[1]);
    Py_RETURN_NONE;
}

static PyObject *py_active(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    PyObject *active = active_get();
    return active == NULL ? Py_NewRef(Py_None) : active;
}

static PyObject *py_current_span(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    PyObject *active = active_get();
    if (active != NULL && IS_SPAN(active))
        return active;
    Py_XDECREF(active);
    Py_RETURN_NONE;
}

static PyObject *py_current_root(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    PyObject *active = active_get();
    PyObject *root = NULL;
    if (active != NULL)
        root = IS_SPAN(active) ? ((SpanObject *)active)->root : ((ContextObject *)active)->root;
    if (root == NULL && active != NULL && IS_SPAN(active))
        return active;
    Py_XINCREF(root);
    Py_XDECREF(active);
    return root == NULL ? Py_NewRef(Py_None) : root;
}

/* To be called before fork: decides the active trace, so that both processes agree. */
static PyObject *py_before_fork(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    PyObject *active = active_get();
    if (active != NULL && IS_SPAN(active))
        (void)dd.before_fork(((SpanObject *)active)->handle);
    Py_XDECREF(active);
    Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"activate", py_activate, METH_O, NULL},
    {"deactivate", AS_METHOD(py_deactivate), METH_FASTCALL, NULL},
    {"active", py_active, METH_NOARGS, NULL},
    {"current_span", py_current_span, METH_NOARGS, NULL},
    {"current_root_span", py_current_root, METH_NOARGS, NULL},
    {"before_fork", py_before_fork, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

int add_active(PyObject *module)
{
    *(void **)&contextvar_get = dlsym(RTLD_DEFAULT, "PyContextVar_Get");
    *(void **)&contextvar_set = dlsym(RTLD_DEFAULT, "PyContextVar_Set");
    get_name = PyUnicode_InternFromString("get");
    set_name = PyUnicode_InternFromString("set");
    PyObject *contextvars = PyImport_ImportModule("contextvars");
    if (contextvars == NULL)
        return -1;
    variable = PyObject_CallMethod(contextvars, "ContextVar", "s", "libddtrace_active");
    Py_DECREF(contextvars);
    if (variable == NULL)
        return -1;
    return PyModule_AddFunctions(module, functions);
}
