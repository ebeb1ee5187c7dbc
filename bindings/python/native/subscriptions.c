/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is told of changed settings, and of files of remote configuration. */
#include "native.h"

static ddtrace_tracer *tracer_of(PyObject *object)
{
    if (PyObject_TypeCheck(object, tracer_type))
        return tracer_handle((TracerObject *)object);
    PyErr_Format(PyExc_TypeError, "a Tracer is expected, not %R", Py_TYPE(object));
    return NULL;
}

/* ---- settings ---- */

static void on_config_change(void *function, const ddtrace_config_change *change)
{
    struct entry entry;
    if (!callback_enter(&entry))
        return;
    PyObject *result = PyObject_CallFunction(function, "NNNN", string_from(change->name), string_from(change->former),
        string_from(change->value), string_from(change->origin));
    if (result == NULL)
        callback_failed(function);
    Py_XDECREF(result);
    callback_leave(&entry);
}

/* config_subscribe(tracer, function): a number */
static PyObject *config_subscribe(PyObject *module, arguments given, Py_ssize_t count)
{
    (void)module;
    if (count != 2 || !PyCallable_Check(given[1]))
        return PyErr_Format(PyExc_TypeError, "a tracer and a function are expected");
    ddtrace_tracer *tracer = tracer_of(given[0]);
    if (PyErr_Occurred())
        return NULL;
    uint64_t id = 0;
    ddtrace_status status = dd.tracer_on_config_change(tracer, on_config_change, Py_NewRef(given[1]), callback_free, &id);
    return status == DDTRACE_OK ? PyLong_FromUnsignedLongLong(id) : raise_status(status, NULL);
}

static PyObject *config_unsubscribe(PyObject *module, arguments given, Py_ssize_t count)
{
    (void)module;
    ddtrace_tracer *tracer = count == 2 ? tracer_of(given[0]) : NULL;
    if (PyErr_Occurred())
        return NULL;
    return PyBool_FromLong(count == 2 && dd.tracer_remove_config_change(tracer, PyLong_AsUnsignedLongLongMask(given[1])) == DDTRACE_OK);
}

/* ---- remote configuration: user_data is the tuple (on_changes, on_batch_end, on_tick) ---- */

static PyObject *list_of(const ddtrace_rc_change *changes, size_t count)
{
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list != NULL && i < count; i++) {
        const ddtrace_rc_change *change = &changes[i];
        PyObject *item = Py_BuildValue("(iNNNKy#N)", (int)change->operation, string_from(change->path), string_from(change->product),
            string_from(change->config_id), (unsigned long long)change->version, (const char *)change->content,
            (Py_ssize_t)(change->content == NULL ? 0 : change->content_len), string_from(change->sha256));
        if (item == NULL || PyList_Append(list, item) < 0)
            Py_CLEAR(list);
        Py_XDECREF(item);
    }
    return list;
}

/* The answer has a pair (state, error) per change. */
static void tell_result(PyObject *answers, size_t i, ddtrace_rc_result *result)
{
    PyObject *answer = answers == NULL ? NULL : PySequence_GetItem(answers, (Py_ssize_t)i);
    int64_t state = DDTRACE_RC_ERROR;
    ddtrace_str error = DDTRACE_STR("the subscriber failed");
    struct scratch scratch = {NULL};
    if (answer != NULL && PyTuple_Check(answer) && PyTuple_Size(answer) == 2) {
        number_i64(PyTuple_GetItem(answer, 0), &state);
        error = text_of(&scratch, PyTuple_GetItem(answer, 1));
    }
    PyErr_Clear();
    result->state = (int32_t)state;
    size_t len = error.len < sizeof result->error - 1 ? error.len : sizeof result->error - 1;
    if (len > 0)
        memcpy(result->error, error.ptr, len);
    result->error[len] = 0;
    scratch_free(&scratch);
    Py_XDECREF(answer);
}

static void on_changes(void *functions, const ddtrace_rc_change *changes, size_t count, ddtrace_rc_result *results)
{
    struct entry entry;
    if (!callback_enter(&entry))
        return;
    PyObject *list = list_of(changes, count);
    PyObject *function = PyTuple_GetItem(functions, 0);
    PyObject *answers = list == NULL ? NULL : PyObject_CallFunctionObjArgs(function, list, NULL);
    if (answers == NULL)
        callback_failed(function);
    for (size_t i = 0; i < count; i++)
        tell_result(answers, i, &results[i]);
    Py_XDECREF(answers);
    Py_XDECREF(list);
    callback_leave(&entry);
}

static void call(PyObject *functions, Py_ssize_t which)
{
    struct entry entry;
    if (!callback_enter(&entry))
        return;
    PyObject *function = PyTuple_GetItem(functions, which);
    PyObject *result = PyObject_CallObject(function, NULL);
    if (result == NULL)
        callback_failed(function);
    Py_XDECREF(result);
    callback_leave(&entry);
}

static void on_batch_end(void *functions)
{
    call(functions, 1);
}

static void on_tick(void *functions)
{
    call(functions, 2);
}

/* rc_subscribe(tracer, product, capabilities as bytes, on_changes, on_batch_end, on_tick): a number */
static PyObject *rc_subscribe(PyObject *module, arguments given, Py_ssize_t count)
{
    (void)module;
    char *capabilities;
    Py_ssize_t len;
    if (count != 6 || PyBytes_AsStringAndSize(given[2], &capabilities, &len) < 0)
        return PyErr_Format(PyExc_TypeError, "rc_subscribe() takes a tracer, a product, capabilities and three functions");
    struct scratch scratch = {NULL};
    ddtrace_tracer *tracer = tracer_of(given[0]);
    PyObject *functions = PyErr_Occurred() ? NULL : PyTuple_Pack(3, given[3], given[4], given[5]);
    if (functions == NULL)
        return NULL;
    ddtrace_rc_callbacks callbacks = DDTRACE_RC_CALLBACKS_INIT;
    callbacks.on_changes = on_changes;
    callbacks.on_batch_end = given[4] == Py_None ? NULL : on_batch_end;
    callbacks.on_tick = given[5] == Py_None ? NULL : on_tick;
    ddtrace_str product = text_of(&scratch, given[1]);
    uint64_t id = 0;
    ddtrace_error *error = NULL;
    ddtrace_status status;
    Py_BEGIN_ALLOW_THREADS
    status = dd.rc_subscribe(tracer, product.ptr, product.len, (const uint8_t *)capabilities, (size_t)len, &callbacks, functions,
        callback_free, &id, &error);
    Py_END_ALLOW_THREADS
    scratch_free(&scratch);
    return status == DDTRACE_OK ? PyLong_FromUnsignedLongLong(id) : raise_status(status, error);
}

/* rc_unsubscribe(tracer, number) */
static PyObject *rc_unsubscribe(PyObject *module, arguments given, Py_ssize_t count)
{
    (void)module;
    ddtrace_tracer *tracer = count == 2 ? tracer_of(given[0]) : NULL;
    if (PyErr_Occurred())
        return NULL;
    uint64_t id = count == 2 ? PyLong_AsUnsignedLongLongMask(given[1]) : 0;
    ddtrace_status status;
    Py_BEGIN_ALLOW_THREADS
    status = dd.rc_unsubscribe(tracer, id);
    Py_END_ALLOW_THREADS
    return PyBool_FromLong(status == DDTRACE_OK);
}

/* rc_acknowledge(tracer, path, state, error) */
static PyObject *rc_acknowledge(PyObject *module, arguments given, Py_ssize_t count)
{
    (void)module;
    int64_t state = DDTRACE_RC_ACKNOWLEDGED;
    ddtrace_tracer *tracer = count == 4 ? tracer_of(given[0]) : NULL;
    if (PyErr_Occurred() || count != 4)
        return PyErr_Format(PyExc_TypeError, "rc_acknowledge() takes a tracer, a path, a state and a text");
    struct scratch scratch = {NULL};
    number_i64(given[2], &state);
    ddtrace_str path = text_of(&scratch, given[1]);
    ddtrace_str error = given[3] == Py_None ? (ddtrace_str)DDTRACE_STR_NONE : text_of(&scratch, given[3]);
    ddtrace_status status = dd.rc_acknowledge(tracer, path.ptr, path.len, (int32_t)state, error.ptr, error.len);
    scratch_free(&scratch);
    return PyBool_FromLong(status == DDTRACE_OK);
}

/* rc_poll(tracer, milliseconds) */
static PyObject *rc_poll(PyObject *module, arguments given, Py_ssize_t count)
{
    (void)module;
    int64_t timeout_ms = 5000;
    ddtrace_tracer *tracer = count == 2 ? tracer_of(given[0]) : NULL;
    if (PyErr_Occurred())
        return NULL;
    if (count == 2)
        number_i64(given[1], &timeout_ms);
    ddtrace_status status;
    Py_BEGIN_ALLOW_THREADS
    status = dd.rc_poll(tracer, (uint32_t)timeout_ms);
    Py_END_ALLOW_THREADS
    return PyBool_FromLong(status == DDTRACE_OK);
}

/* rc_process_response(tracer, status, body) */
static PyObject *rc_process_response(PyObject *module, arguments given, Py_ssize_t count)
{
    (void)module;
    char *body;
    Py_ssize_t len;
    int64_t http_status = 0;
    if (count != 3 || PyBytes_AsStringAndSize(given[2], &body, &len) < 0)
        return PyErr_Format(PyExc_TypeError, "rc_process_response() takes a tracer, a status and bytes");
    ddtrace_tracer *tracer = tracer_of(given[0]);
    if (PyErr_Occurred())
        return NULL;
    number_i64(given[1], &http_status);
    ddtrace_error *error = NULL;
    ddtrace_status status;
    Py_BEGIN_ALLOW_THREADS
    status = dd.rc_process_response(tracer, (int32_t)http_status, (const uint8_t *)body, (size_t)len, &error);
    Py_END_ALLOW_THREADS
    return status == DDTRACE_OK ? Py_NewRef(Py_None) : raise_status(status, error);
}

/* rc_next_request(tracer): the body of the next request, or None */
static PyObject *rc_next_request(PyObject *module, PyObject *object)
{
    (void)module;
    ddtrace_tracer *tracer = tracer_of(object);
    if (PyErr_Occurred())
        return NULL;
    PyObject *result;
    COPIED_TEXT(result, dd.rc_next_request(tracer, buf, cap));
    return result;
}

static PyMethodDef functions[] = {
    {"config_subscribe", AS_METHOD(config_subscribe), METH_FASTCALL, NULL},
    {"config_unsubscribe", AS_METHOD(config_unsubscribe), METH_FASTCALL, NULL},
    {"rc_subscribe", AS_METHOD(rc_subscribe), METH_FASTCALL, NULL},
    {"rc_unsubscribe", AS_METHOD(rc_unsubscribe), METH_FASTCALL, NULL},
    {"rc_acknowledge", AS_METHOD(rc_acknowledge), METH_FASTCALL, NULL},
    {"rc_poll", AS_METHOD(rc_poll), METH_FASTCALL, NULL},
    {"rc_next_request", rc_next_request, METH_O, NULL},
    {"rc_process_response", AS_METHOD(rc_process_response), METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

int add_subscriptions(PyObject *module)
{
    return PyModule_AddFunctions(module, functions);
}
