/* SPDX-License-Identifier: Apache-2.0
 *
 * A client of DogStatsD: the base of libddtrace.DogStatsd. No call waits for the network, and none raises because nobody listens. */
#include "native.h"

typedef struct {
    PyObject_HEAD
    ddtrace_statsd *handle;
} StatsdObject;

static PyTypeObject *statsd_type;

static ddtrace_statsd *handle_of(PyObject *self)
{
    return ((StatsdObject *)self)->handle;
}

/* Statsd(prefix, address, tags, aggregation) */
static PyObject *statsd_new(PyTypeObject *type, PyObject *positional, PyObject *named)
{
    (void)named;
    PyObject *prefix = Py_None, *address = Py_None, *tags = Py_None;
    int aggregation = DDTRACE_STATSD_AGGREGATION_BASIC;
    if (!PyArg_ParseTuple(positional, "|OOOi:Statsd", &prefix, &address, &tags, &aggregation))
        return NULL;
    struct scratch scratch = {NULL};
    ddtrace_statsd_options options = DDTRACE_STATSD_OPTIONS_INIT;
    if (prefix != Py_None)
        options.prefix = text_of(&scratch, prefix);
    if (address != Py_None)
        options.address = text_of(&scratch, address);
    options.tags = texts_of(&scratch, tags, &options.tags_len);
    options.aggregation = aggregation;
    ddtrace_statsd *handle = NULL;
    ddtrace_error *error = NULL;
    ddtrace_status status = dd.statsd_new(NULL, &options, &handle, &error);
    scratch_free(&scratch);
    if (status != DDTRACE_OK)
        return raise_status(status, error);
    StatsdObject *self = (StatsdObject *)PyType_GenericAlloc(type, 0);
    if (self == NULL)
        dd.statsd_free(handle);
    else
        self->handle = handle;
    return (PyObject *)self;
}

/* Sends what waits, within the shutdown timeout: others may run meanwhile. */
static void statsd_dealloc(PyObject *self)
{
    ddtrace_statsd *handle = handle_of(self);
    Py_BEGIN_ALLOW_THREADS
    dd.statsd_free(handle);
    Py_END_ALLOW_THREADS
    free_subclassed(self);
}

static PyObject *answer(struct scratch *scratch, ddtrace_status status)
{
    scratch_free(scratch);
    return PyBool_FromLong(status == DDTRACE_OK);
}

/* send(kind, name, value, tags, rate, timestamp): for sets the value is text */
static PyObject *send(PyObject *self, arguments given, Py_ssize_t count)
{
    if (count != 6)
        return PyErr_Format(PyExc_TypeError, "send() takes kind, name, value, tags, rate and timestamp");
    struct scratch scratch = {NULL};
    int64_t kind = 0;
    ddtrace_metric metric = DDTRACE_METRIC_INIT;
    number_i64(given[0], &kind);
    metric.kind = (int32_t)kind;
    metric.name = text_of(&scratch, given[1]);
    if (kind == DDTRACE_METRIC_SET)
        metric.text = text_of(&scratch, given[2]);
    else
        metric.value = PyFloat_AsDouble(given[2]);
    if (given[4] != Py_None && !PyErr_Occurred())
        metric.rate = PyFloat_AsDouble(given[4]);
    if (PyErr_Occurred()) {
        PyErr_Clear();
        return answer(&scratch, DDTRACE_ERR_INVALID);
    }
    metric.tags = texts_of(&scratch, given[3], &metric.tags_len);
    if (given[5] != Py_None)
        number_i64(given[5], &metric.timestamp_s);
    return answer(&scratch, dd.statsd_send(handle_of(self), &metric));
}

/* event(title, text, priority, alert, tags, timestamp, hostname, aggregation_key, source_type) */
static PyObject *event(PyObject *self, arguments given, Py_ssize_t count)
{
    if (count != 9)
        return PyErr_Format(PyExc_TypeError, "event() takes 9 arguments");
    struct scratch scratch = {NULL};
    int64_t priority = 0, alert = 0;
    ddtrace_statsd_event e = DDTRACE_STATSD_EVENT_INIT;
    e.title = text_of(&scratch, given[0]);
    e.text = text_of(&scratch, given[1]);
    number_i64(given[2], &priority);
    number_i64(given[3], &alert);
    e.priority = (int32_t)priority;
    e.alert = (int32_t)alert;
    e.tags = texts_of(&scratch, given[4], &e.tags_len);
    if (given[5] != Py_None)
        number_i64(given[5], &e.timestamp_s);
    if (given[6] != Py_None)
        e.hostname = text_of(&scratch, given[6]);
    if (given[7] != Py_None)
        e.aggregation_key = text_of(&scratch, given[7]);
    if (given[8] != Py_None)
        e.source_type = text_of(&scratch, given[8]);
    return answer(&scratch, dd.statsd_send_event(handle_of(self), &e));
}

/* check(name, status, message, tags, timestamp, hostname) */
static PyObject *check(PyObject *self, arguments given, Py_ssize_t count)
{
    if (count != 6)
        return PyErr_Format(PyExc_TypeError, "check() takes 6 arguments");
    struct scratch scratch = {NULL};
    int64_t status = 0;
    ddtrace_statsd_check c = DDTRACE_STATSD_CHECK_INIT;
    c.name = text_of(&scratch, given[0]);
    number_i64(given[1], &status);
    c.status = (int32_t)status;
    if (given[2] != Py_None)
        c.message = text_of(&scratch, given[2]);
    c.tags = texts_of(&scratch, given[3], &c.tags_len);
    if (given[4] != Py_None)
        number_i64(given[4], &c.timestamp_s);
    if (given[5] != Py_None)
        c.hostname = text_of(&scratch, given[5]);
    return answer(&scratch, dd.statsd_send_check(handle_of(self), &c));
}

static PyObject *wait_for(PyObject *self, PyObject *milliseconds, ddtrace_status (*function)(ddtrace_statsd *, uint32_t))
{
    int64_t timeout_ms = 5000;
    number_i64(milliseconds, &timeout_ms);
    ddtrace_statsd *handle = handle_of(self);
    ddtrace_status status;
    Py_BEGIN_ALLOW_THREADS
    status = function(handle, (uint32_t)timeout_ms);
    Py_END_ALLOW_THREADS
    return PyBool_FromLong(status == DDTRACE_OK);
}

static PyObject *flush(PyObject *self, PyObject *milliseconds)
{
    return wait_for(self, milliseconds, dd.statsd_flush);
}

static PyObject *shut_down(PyObject *self, PyObject *milliseconds)
{
    return wait_for(self, milliseconds, dd.statsd_shutdown);
}

static PyObject *address(PyObject *self, PyObject *unused)
{
    (void)unused;
    PyObject *result;
    COPIED_TEXT(result, dd.statsd_get_address(handle_of(self), buf, cap));
    return result;
}

static PyObject *counters(PyObject *self, PyObject *unused)
{
    (void)unused;
    ddtrace_statsd_counters c = DDTRACE_STATSD_COUNTERS_INIT;
    (void)dd.statsd_get_counters(handle_of(self), &c);
    return Py_BuildValue("{s:K,s:K,s:K,s:K,s:K,s:K}", "metrics", (unsigned long long)c.metrics, "events", (unsigned long long)c.events,
        "checks", (unsigned long long)c.checks, "messages_dropped", (unsigned long long)c.messages_dropped, "packets_sent",
        (unsigned long long)c.packets_sent, "packets_dropped", (unsigned long long)c.packets_dropped);
}

static void on_payload(void *function, const uint8_t *payload, size_t len)
{
    struct entry entry;
    if (!callback_enter(&entry))
        return;
    PyObject *result = PyObject_CallFunction(function, "y#", (const char *)payload, (Py_ssize_t)len);
    if (result == NULL)
        callback_failed(function);
    Py_XDECREF(result);
    callback_leave(&entry);
}

/* set_sink(function or None): datagrams go to it instead of the network, for tests */
static PyObject *set_sink(PyObject *self, PyObject *function)
{
    ddtrace_status status = function == Py_None ? dd.statsd_set_sink(handle_of(self), NULL, NULL, NULL)
                                                : dd.statsd_set_sink(handle_of(self), on_payload, Py_NewRef(function), callback_free);
    return status == DDTRACE_OK ? Py_NewRef(Py_None) : raise_status(status, NULL);
}

static PyMethodDef methods[] = {
    {"send", AS_METHOD(send), METH_FASTCALL, NULL},
    {"send_event", AS_METHOD(event), METH_FASTCALL, NULL},
    {"send_check", AS_METHOD(check), METH_FASTCALL, NULL},
    {"flush_ms", flush, METH_O, NULL},
    {"shutdown_ms", shut_down, METH_O, NULL},
    {"address", address, METH_NOARGS, "Where messages go."},
    {"counters", counters, METH_NOARGS, "What was taken, sent and dropped."},
    {"set_sink", set_sink, METH_O, "Gives datagrams to a function instead of sending them, for tests."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "A client of DogStatsD."},
    {Py_tp_new, statsd_new},
    {Py_tp_dealloc, statsd_dealloc},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec spec = {"libddtrace._native.Statsd", sizeof(StatsdObject), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, slots};

int add_statsd(PyObject *module)
{
    statsd_type = add_type(module, &spec);
    return statsd_type == NULL ? -1 : 0;
}
