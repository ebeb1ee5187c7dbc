/* SPDX-License-Identifier: Apache-2.0
 *
 * What the binding, integrations and programs tell telemetry. */
#include "native.h"

/* The tracer of a call's first argument, of `count` which have to be `wanted`. NULL with an exception, or for a tracer that does nothing. */
static ddtrace_tracer *tracer_of(arguments given, Py_ssize_t count, Py_ssize_t wanted)
{
    if (count == wanted && PyObject_TypeCheck(given[0], tracer_type))
        return tracer_handle((TracerObject *)given[0]);
    PyErr_Format(PyExc_TypeError, "a Tracer and %zd more arguments are expected", wanted - 1);
    return NULL;
}

static ddtrace_str text_or_none(struct scratch *scratch, PyObject *object)
{
    return object == Py_None ? (ddtrace_str)DDTRACE_STR_NONE : text_of(scratch, object);
}

static PyObject *answer(struct scratch *scratch, ddtrace_status status)
{
    scratch_free(scratch);
    if (status == DDTRACE_ERR_INVALID)
        return raise_status(status, NULL);
    return PyBool_FromLong(status == DDTRACE_OK);
}

/* telemetry_config(tracer, name, value, origin) */
static PyObject *tell_config(PyObject *module, arguments given, Py_ssize_t count)
{
    (void)module;
    struct scratch scratch = {NULL};
    ddtrace_tracer *tracer = tracer_of(given, count, 4);
    if (PyErr_Occurred())
        return NULL;
    ddtrace_str name = text_of(&scratch, given[1]), value = text_or_none(&scratch, given[2]), origin = text_of(&scratch, given[3]);
    return answer(&scratch,
        dd.telemetry_add_config(tracer, name.ptr, name.len, value.ptr, value.len, origin.ptr, origin.len, NULL, 0));
}

/* telemetry_product(tracer, product, enabled, version, error) */
static PyObject *set_product(PyObject *module, arguments given, Py_ssize_t count)
{
    (void)module;
    struct scratch scratch = {NULL};
    ddtrace_tracer *tracer = tracer_of(given, count, 5);
    if (PyErr_Occurred())
        return NULL;
    ddtrace_str product = text_of(&scratch, given[1]), version = text_or_none(&scratch, given[3]), error = text_or_none(&scratch, given[4]);
    return answer(&scratch, dd.telemetry_set_product(tracer, product.ptr, product.len, given[2] == Py_True, version.ptr, version.len,
                                error.len > 0, error.ptr, error.len));
}

/* telemetry_log(tracer, level, message, stack, tags) */
static PyObject *add_log(PyObject *module, arguments given, Py_ssize_t count)
{
    (void)module;
    struct scratch scratch = {NULL};
    int64_t level = DDTRACE_LOG_WARN;
    ddtrace_tracer *tracer = tracer_of(given, count, 5);
    if (PyErr_Occurred())
        return NULL;
    number_i64(given[1], &level);
    ddtrace_str message = text_of(&scratch, given[2]), stack = text_or_none(&scratch, given[3]), tags = text_or_none(&scratch, given[4]);
    return answer(&scratch, dd.telemetry_log(tracer, (int32_t)level, message.ptr, message.len, stack.ptr, stack.len, tags.ptr, tags.len, 0));
}

/* telemetry_dependency(tracer, name, version) */
static PyObject *add_dependency(PyObject *module, arguments given, Py_ssize_t count)
{
    (void)module;
    struct scratch scratch = {NULL};
    ddtrace_tracer *tracer = tracer_of(given, count, 3);
    if (PyErr_Occurred())
        return NULL;
    ddtrace_str name = text_of(&scratch, given[1]), version = text_or_none(&scratch, given[2]);
    return answer(&scratch, dd.telemetry_add_dependency(tracer, name.ptr, name.len, version.ptr, version.len));
}

/* telemetry_integration(tracer, name, version, enabled, auto_enabled, error) */
static PyObject *add_integration(PyObject *module, arguments given, Py_ssize_t count)
{
    (void)module;
    struct scratch scratch = {NULL};
    ddtrace_tracer *tracer = tracer_of(given, count, 6);
    if (PyErr_Occurred())
        return NULL;
    ddtrace_integration integration = DDTRACE_INTEGRATION_INIT;
    integration.name = text_of(&scratch, given[1]);
    integration.version = text_or_none(&scratch, given[2]);
    integration.error = text_or_none(&scratch, given[5]);
    integration.enabled = given[3] == Py_True;
    integration.compatible = integration.error.len > 0 ? 0 : 2;
    integration.auto_enabled = given[4] == Py_True ? 2 : 1;
    return answer(&scratch, dd.telemetry_add_integration(tracer, &integration));
}

ddtrace_str *texts_of(struct scratch *scratch, PyObject *sequence, size_t *len)
{
    *len = 0;
    Py_ssize_t size = sequence == NULL || sequence == Py_None || PyUnicode_Check(sequence) ? 0 : PySequence_Size(sequence);
    ddtrace_str *texts = size <= 0 ? NULL : scratch_alloc(scratch, (size_t)size * sizeof *texts);
    for (Py_ssize_t i = 0; texts != NULL && i < size; i++) {
        PyObject *item = scratch_keep(scratch, PySequence_GetItem(sequence, i));
        if (item != NULL)
            texts[(*len)++] = text_of(scratch, item);
    }
    PyErr_Clear();
    return texts;
}

/* telemetry_record(tracer, namespace, name, kind, value, tags, is_common) */
static PyObject *record(PyObject *module, arguments given, Py_ssize_t count)
{
    (void)module;
    struct scratch scratch = {NULL};
    int64_t kind = DDTRACE_TELEMETRY_COUNT;
    ddtrace_tracer *tracer = tracer_of(given, count, 7);
    double value = PyErr_Occurred() ? 0 : PyFloat_AsDouble(given[4]);
    if (PyErr_Occurred())
        return NULL;
    number_i64(given[3], &kind);
    size_t len = 0;
    ddtrace_str *tags = texts_of(&scratch, given[5], &len);
    ddtrace_str space = text_of(&scratch, given[1]), name = text_of(&scratch, given[2]);
    return answer(&scratch, dd.telemetry_record(tracer, space.ptr, space.len, name.ptr, name.len, (int32_t)kind, value, tags, len,
                                given[6] == Py_True));
}

/* telemetry_flush(tracer, milliseconds) */
static PyObject *flush(PyObject *module, arguments given, Py_ssize_t count)
{
    (void)module;
    int64_t timeout_ms = 5000;
    ddtrace_tracer *tracer = tracer_of(given, count, 2);
    if (PyErr_Occurred())
        return NULL;
    number_i64(given[1], &timeout_ms);
    ddtrace_status status;
    Py_BEGIN_ALLOW_THREADS
    status = dd.telemetry_flush(tracer, (uint32_t)timeout_ms);
    Py_END_ALLOW_THREADS
    return PyBool_FromLong(status == DDTRACE_OK);
}

/* telemetry_stats(tracer): (requests, delivered, failed, messages, dropped, waiting, is_accepted) */
static PyObject *stats(PyObject *module, PyObject *object)
{
    (void)module;
    PyObject *given[] = {object};
    ddtrace_tracer *tracer = tracer_of(given, 1, 1);
    if (PyErr_Occurred())
        return NULL;
    ddtrace_telemetry_stats s = DDTRACE_TELEMETRY_STATS_INIT;
    ddtrace_status status = dd.telemetry_get_stats(tracer, &s);
    if (status != DDTRACE_OK)
        return raise_status(status, NULL);
    return Py_BuildValue("(KKKKKKK)", (unsigned long long)s.requests, (unsigned long long)s.requests_delivered,
        (unsigned long long)s.requests_failed, (unsigned long long)s.messages_sent, (unsigned long long)s.dropped,
        (unsigned long long)s.waiting, (unsigned long long)s.is_accepted);
}

static PyMethodDef functions[] = {
    {"telemetry_config", AS_METHOD(tell_config), METH_FASTCALL, NULL},
    {"telemetry_product", AS_METHOD(set_product), METH_FASTCALL, NULL},
    {"telemetry_log", AS_METHOD(add_log), METH_FASTCALL, NULL},
    {"telemetry_dependency", AS_METHOD(add_dependency), METH_FASTCALL, NULL},
    {"telemetry_integration", AS_METHOD(add_integration), METH_FASTCALL, NULL},
    {"telemetry_record", AS_METHOD(record), METH_FASTCALL, NULL},
    {"telemetry_flush", AS_METHOD(flush), METH_FASTCALL, NULL},
    {"telemetry_stats", stats, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

int add_telemetry(PyObject *module)
{
    return PyModule_AddFunctions(module, functions);
}
