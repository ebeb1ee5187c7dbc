/* SPDX-License-Identifier: Apache-2.0
 *
 * Tracer: the base of libddtrace.Tracer. What is not on the path of a span is in tracer_services.c. */
#include "native.h"

PyTypeObject *tracer_type;

ddtrace_tracer *tracer_handle(TracerObject *self)
{
    if (self->handle != NULL)
        return self->handle;
    /* The first use: _open of the subclass calls open() below, under a lock. */
    PyObject *result = PyObject_CallMethod((PyObject *)self, "_open", NULL);
    if (result == NULL)
        PyErr_WriteUnraisable((PyObject *)self);
    Py_XDECREF(result);
    return self->handle;
}

/* open(config): makes the tracer. The caller sees to it that no other thread does. */
static PyObject *tracer_open(PyObject *object, PyObject *config)
{
    TracerObject *self = (TracerObject *)object;
    if (self->handle != NULL)
        Py_RETURN_NONE;
    if (!PyObject_TypeCheck(config, config_type))
        return PyErr_Format(PyExc_TypeError, "a Config is expected, not %R", Py_TYPE(config));
    ddtrace_tracer *handle = NULL;
    ddtrace_error *error = NULL;
    ddtrace_status status;
    Py_BEGIN_ALLOW_THREADS
    status = dd.tracer_new(((ConfigObject *)config)->handle, &handle, &error);
    Py_END_ALLOW_THREADS
    if (status != DDTRACE_OK)
        return raise_status(status, error);
    self->handle = handle;
    Py_RETURN_NONE;
}

/* share(other): becomes another name of the same tracer. */
static PyObject *tracer_share(PyObject *object, PyObject *other)
{
    TracerObject *self = (TracerObject *)object;
    if (self->handle == NULL && PyObject_TypeCheck(other, tracer_type))
        self->handle = dd.tracer_ref(tracer_handle((TracerObject *)other));
    Py_RETURN_NONE;
}

static PyObject *tracer_is_open(PyObject *object, void *closure)
{
    (void)closure;
    return PyBool_FromLong(((TracerObject *)object)->handle != NULL);
}

static PyObject *tracer_new_object(PyTypeObject *type, PyObject *positional, PyObject *named)
{
    (void)positional, (void)named;
    TracerObject *self = (TracerObject *)PyType_GenericAlloc(type, 0);
    return (PyObject *)self;
}

/* A tracer is shut down explicitly or at exit, and lives until then. Freeing the last reference of another one would send what waits, for which
 * the thread that collects garbage must not wait: then the reference is left to the library. */
static void tracer_dealloc(PyObject *object)
{
    TracerObject *self = (TracerObject *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    if (self->weak != NULL)
        PyObject_ClearWeakRefs(object);
    if (self->handle != NULL && self->is_shut_down)
        dd.tracer_free(self->handle);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(object);
    Py_DECREF(type);
}

static int tracer_traverse(PyObject *object, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(object));
    return 0;
}

static int bad_parent(PyObject *parent)
{
    if (parent == NULL || IS_SPAN(parent) || IS_CONTEXT(parent))
        return 0;
    PyErr_Format(PyExc_TypeError, "a parent is a Span, a Context or None, not %R", Py_TYPE(parent));
    return -1;
}

/* trace(name, …): a span below the active one, which it replaces until it is finished. */
static PyObject *tracer_trace(PyObject *object, arguments given, Py_ssize_t count, PyObject *names)
{
    static struct signature signature
        = {"trace", 5, 1, {"name", "service", "resource", "span_type", "tags", "kind", "start_ns", "links", "flags", NULL}, {NULL}, 0};
    PyObject *values[MAX_PARAMETERS];
    if (parse_arguments(&signature, given, count, names, values) < 0)
        return NULL;
    int64_t flags = 0;
    number_i64(values[8], &flags);
    PyObject *parent = active_get();
    struct span_arguments begin = {values[0], values[1], values[2], values[3], values[4], values[6], values[5], values[7], parent,
        (uint32_t)flags, 1};
    PyObject *span = span_begin((TracerObject *)object, &begin);
    Py_XDECREF(parent);
    return span;
}

/* start_span(name, child_of, …): nothing is active or taken as the parent that was not asked for. */
static PyObject *tracer_start_span(PyObject *object, arguments given, Py_ssize_t count, PyObject *names)
{
    static struct signature signature = {"start_span", 2, 1,
        {"name", "child_of", "service", "resource", "span_type", "tags", "kind", "start_ns", "links", "activate", "flags", NULL}, {NULL}, 0};
    PyObject *values[MAX_PARAMETERS];
    if (parse_arguments(&signature, given, count, names, values) < 0 || bad_parent(values[1]) < 0)
        return NULL;
    int64_t flags = 0;
    number_i64(values[10], &flags);
    int activate = values[9] != NULL && PyObject_IsTrue(values[9]) == 1;
    struct span_arguments begin = {values[0], values[2], values[3], values[4], values[5], values[7], values[6], values[8], values[1],
        (uint32_t)flags, activate};
    return span_begin((TracerObject *)object, &begin);
}

static uint32_t milliseconds(PyObject *seconds, uint32_t otherwise)
{
    if (seconds == NULL || seconds == Py_None)
        return otherwise;
    double value = PyFloat_AsDouble(seconds);
    if (PyErr_Occurred())
        PyErr_Clear();
    if (!(value > 0))
        return 0;
    return value > 4e6 ? 4000000000u : (uint32_t)(value * 1000);
}

/* flush(timeout), shutdown(timeout): True if all was sent. Without a timeout, the setting LIBDDTRACE_SHUTDOWN_TIMEOUT_MS says how long. */
static uint32_t default_timeout(ddtrace_tracer *handle)
{
    char text[32] = "";
    size_t len = dd.tracer_config_get(handle, "LIBDDTRACE_SHUTDOWN_TIMEOUT_MS", DDTRACE_NTS, text, sizeof text);
    return len == DDTRACE_ABSENT || len >= sizeof text ? 5000 : (uint32_t)strtoul(text, NULL, 10);
}

static PyObject *wait_for(PyObject *object, arguments given, Py_ssize_t count, PyObject *names, struct signature *signature,
    ddtrace_status (*function)(ddtrace_tracer *, uint32_t))
{
    PyObject *values[MAX_PARAMETERS];
    if (parse_arguments(signature, given, count, names, values) < 0)
        return NULL;
    ddtrace_tracer *handle = ((TracerObject *)object)->handle;
    if (handle == NULL)
        Py_RETURN_TRUE;
    uint32_t timeout_ms = milliseconds(values[0], values[0] == NULL ? default_timeout(handle) : 0);
    ddtrace_status status;
    Py_BEGIN_ALLOW_THREADS
    status = function(handle, timeout_ms);
    Py_END_ALLOW_THREADS
    return PyBool_FromLong(status == DDTRACE_OK);
}

static PyObject *tracer_flush(PyObject *self, arguments given, Py_ssize_t count, PyObject *names)
{
    static struct signature signature = {"flush", 1, 0, {"timeout", NULL}, {NULL}, 0};
    return wait_for(self, given, count, names, &signature, dd.tracer_flush);
}

static PyObject *tracer_shutdown(PyObject *self, arguments given, Py_ssize_t count, PyObject *names)
{
    static struct signature signature = {"shutdown", 1, 0, {"timeout", NULL}, {NULL}, 0};
    PyObject *result = wait_for(self, given, count, names, &signature, dd.tracer_shutdown);
    if (result != NULL)
        ((TracerObject *)self)->is_shut_down = 1;
    return result;
}

static PyObject *tracer_refresh_agent_info(PyObject *self, arguments given, Py_ssize_t count, PyObject *names)
{
    static struct signature signature = {"refresh_agent_info", 1, 0, {"timeout", NULL}, {NULL}, 0};
    (void)tracer_handle((TracerObject *)self);
    return wait_for(self, given, count, names, &signature, dd.tracer_refresh_agent_info);
}

static PyMethodDef methods[] = {
    {"open", tracer_open, METH_O, NULL},
    {"share", tracer_share, METH_O, NULL},
    {"trace", AS_METHOD(tracer_trace), FASTCALL_KEYWORDS, "Starts a span below the active one and makes it the active one."},
    {"start_span", AS_METHOD(tracer_start_span), FASTCALL_KEYWORDS, "Starts a span below child_of; without it, a new trace."},
    {"flush", AS_METHOD(tracer_flush), FASTCALL_KEYWORDS, "Sends what is finished, and waits for that, in seconds."},
    {"refresh_agent_info", AS_METHOD(tracer_refresh_agent_info), FASTCALL_KEYWORDS, "Asks the agent what it can do, and waits for the answer."},
    {"shutdown", AS_METHOD(tracer_shutdown), FASTCALL_KEYWORDS, "Sends what is finished, and ends the tracer."},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(TracerObject, weak), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyGetSetDef properties[] = {
    {"is_open", tracer_is_open, NULL, "Whether the tracer was made already.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "The part of a tracer that is in C."},
    {Py_tp_new, tracer_new_object},
    {Py_tp_dealloc, tracer_dealloc},
    {Py_tp_traverse, tracer_traverse},
    {Py_tp_methods, methods},
    {Py_tp_members, members},
    {Py_tp_getset, properties},
    {0, NULL},
};

static PyType_Spec spec
    = {"libddtrace._native.Tracer", sizeof(TracerObject), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, slots};

extern PyMethodDef tracer_services[];

int add_tracer(PyObject *module)
{
    tracer_type = add_type(module, &spec);
    return tracer_type == NULL ? -1 : add_methods(tracer_type, tracer_services);
}
