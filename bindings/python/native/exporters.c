/* SPDX-License-Identifier: Apache-2.0
 *
 * Exporter: those of the library, and those that are functions in Python. */
#include "native.h"

PyTypeObject *exporter_type;

static ddtrace_exporter *handle_of(PyObject *self)
{
    return ((ExporterObject *)self)->handle;
}

static PyObject *made(ddtrace_status status, ddtrace_exporter *handle, ddtrace_error *error)
{
    if (status != DDTRACE_OK)
        return raise_status(status, error);
    ExporterObject *self = PyObject_New(ExporterObject, exporter_type);
    if (self == NULL)
        dd.exporter_free(handle);
    else
        self->handle = handle;
    return (PyObject *)self;
}

static PyObject *memory(PyObject *module, PyObject *max_spans)
{
    (void)module;
    int64_t limit = 0;
    number_i64(max_spans, &limit);
    ddtrace_exporter *handle = NULL;
    ddtrace_status status = dd.exporter_memory_new(limit > 0 ? (size_t)limit : 0, &handle);
    return made(status, handle, NULL);
}

static PyObject *console(PyObject *module, arguments given, Py_ssize_t count)
{
    (void)module;
    int64_t format = 0, fd = 1;
    if (count > 0)
        number_i64(given[0], &format);
    if (count > 1)
        number_i64(given[1], &fd);
    ddtrace_exporter *handle = NULL;
    ddtrace_status status = dd.exporter_console_new((int32_t)format, (int32_t)fd, &handle);
    return made(status, handle, NULL);
}

static PyObject *file(PyObject *module, PyObject *path)
{
    (void)module;
    struct scratch scratch = {NULL};
    ddtrace_str text = text_of(&scratch, path);
    ddtrace_exporter *handle = NULL;
    ddtrace_error *error = NULL;
    ddtrace_status status = dd.exporter_file_new(text.ptr, text.len, &handle, &error);
    scratch_free(&scratch);
    return made(status, handle, error);
}

static PyObject *null(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    ddtrace_exporter *handle = NULL;
    ddtrace_status status = dd.exporter_null_new(&handle);
    return made(status, handle, NULL);
}

/* ---- in Python: user_data is the tuple (export, flush, shutdown) ---- */

static PyObject *spans_of(ddtrace_chunk *chunk)
{
    size_t len = dd.chunk_len(chunk);
    PyObject *spans = PyList_New(0);
    for (size_t i = 0; spans != NULL && i < len; i++) {
        ddtrace_span *span = NULL;
        if (dd.chunk_span_at(chunk, i, &span) != DDTRACE_OK)
            continue;
        PyObject *json;
        COPIED_TEXT(json, dd.span_to_json(span, buf, cap));
        if (json == NULL || PyList_Append(spans, json) < 0)
            Py_CLEAR(spans);
        Py_XDECREF(json);
    }
    return spans;
}

/* Anything but False, and no exception, is success. */
static ddtrace_status call(PyObject *function, PyObject *argument)
{
    if (function == Py_None)
        return DDTRACE_OK;
    PyObject *result = PyObject_CallFunctionObjArgs(function, argument, NULL);
    ddtrace_status status = result == NULL || result == Py_False ? DDTRACE_ERR_IO : DDTRACE_OK;
    if (result == NULL)
        callback_failed(function);
    Py_XDECREF(result);
    return status;
}

static ddtrace_status on_export(void *functions, ddtrace_chunk *chunk)
{
    struct entry entry;
    if (!callback_enter(&entry))
        return DDTRACE_ERR_SHUTDOWN;
    PyObject *spans = spans_of(chunk);
    ddtrace_status status = DDTRACE_ERR_LIMIT;
    if (spans != NULL)
        status = call(PyTuple_GetItem(functions, 0), spans);
    PyErr_Clear();
    Py_XDECREF(spans);
    callback_leave(&entry);
    return status;
}

static ddtrace_status on_flush(void *functions)
{
    struct entry entry;
    if (!callback_enter(&entry))
        return DDTRACE_ERR_SHUTDOWN;
    ddtrace_status status = call(PyTuple_GetItem(functions, 1), NULL);
    callback_leave(&entry);
    return status;
}

static void on_shutdown(void *functions)
{
    struct entry entry;
    if (!callback_enter(&entry))
        return;
    (void)call(PyTuple_GetItem(functions, 2), NULL);
    callback_leave(&entry);
}

static PyObject *in_python(PyObject *module, arguments given, Py_ssize_t count)
{
    (void)module;
    if (count != 3)
        return PyErr_Format(PyExc_TypeError, "python_exporter() takes export, flush and shutdown");
    PyObject *functions = PyTuple_Pack(3, given[0], given[1], given[2]);
    if (functions == NULL)
        return NULL;
    ddtrace_exporter_callbacks callbacks = DDTRACE_EXPORTER_CALLBACKS_INIT;
    callbacks.export_chunk = on_export;
    callbacks.flush = on_flush;
    callbacks.shutdown = on_shutdown;
    ddtrace_exporter *handle = NULL;
    ddtrace_status status = dd.exporter_new_callbacks(&callbacks, functions, callback_free, &handle);
    return made(status, handle, NULL);
}

/* ---- what the exporter in memory has ---- */

/* memory_json(trace_id): the spans as JSON. The tracers that feed it are flushed first, so others may run meanwhile. */
static PyObject *memory_json(PyObject *self, arguments given, Py_ssize_t count)
{
    uint64_t high = 0, low = 0;
    if (count > 0)
        split_id(given[0], &high, &low);
    ddtrace_exporter *handle = handle_of(self);
    char *buf = NULL;
    size_t cap = 0, len;
    Py_BEGIN_ALLOW_THREADS
    for (;;) {
        len = dd.exporter_memory_json(handle, high, low, buf, cap);
        if (len == DDTRACE_ABSENT || len < cap)
            break;
        char *larger = realloc(buf, len + 4096);
        if (larger == NULL) {
            len = DDTRACE_ABSENT;
            break;
        }
        buf = larger;
        cap = len + 4096;
    }
    Py_END_ALLOW_THREADS
    PyObject *result = len == DDTRACE_ABSENT ? Py_NewRef(Py_None) : string_from((ddtrace_str){buf, len});
    free(buf);
    return result;
}

static PyObject *memory_count(PyObject *self, PyObject *unused)
{
    (void)unused;
    ddtrace_exporter *handle = handle_of(self);
    size_t count;
    Py_BEGIN_ALLOW_THREADS
    count = dd.exporter_memory_count(handle);
    Py_END_ALLOW_THREADS
    return PyLong_FromSize_t(count == DDTRACE_ABSENT ? 0 : count);
}

static PyObject *memory_clear(PyObject *self, PyObject *unused)
{
    (void)unused;
    ddtrace_exporter *handle = handle_of(self);
    Py_BEGIN_ALLOW_THREADS
    (void)dd.exporter_memory_clear(handle);
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}

/* Whoever frees the last reference waits for nothing, but calls shutdown functions, maybe. */
static void exporter_dealloc(PyObject *self)
{
    dd.exporter_free(handle_of(self));
    free_object(self);
}

static PyMethodDef methods[] = {
    {"memory_json", AS_METHOD(memory_json), METH_FASTCALL, NULL},
    {"memory_count", memory_count, METH_NOARGS, NULL},
    {"memory_clear", memory_clear, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyMethodDef functions[] = {
    {"memory_exporter", memory, METH_O, NULL},
    {"console_exporter", AS_METHOD(console), METH_FASTCALL, NULL},
    {"file_exporter", file, METH_O, NULL},
    {"null_exporter", null, METH_NOARGS, NULL},
    {"python_exporter", AS_METHOD(in_python), METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "Where finished spans go."},
    {Py_tp_dealloc, exporter_dealloc},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec spec
    = {"libddtrace._native.Exporter", sizeof(ExporterObject), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};

int add_exporters(PyObject *module)
{
    exporter_type = add_type(module, &spec);
    return exporter_type == NULL ? -1 : PyModule_AddFunctions(module, functions);
}
