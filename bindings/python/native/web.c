/* SPDX-License-Identifier: Apache-2.0
 *
 * What the library offers integrations: URLs, query strings, client addresses, header tags, statuses, hashes of objects. */
#include "native.h"

static ddtrace_tracer *tracer_of(PyObject *object)
{
    if (PyObject_TypeCheck(object, tracer_type))
        return tracer_handle((TracerObject *)object);
    PyErr_Format(PyExc_TypeError, "a Tracer is expected, not %R", Py_TYPE(object));
    return NULL;
}

/* is_http_error(tracer, kind, status) */
static PyObject *is_http_error(PyObject *module, arguments given, Py_ssize_t count)
{
    (void)module;
    int64_t kind = 0, status = 0;
    if (count != 3)
        return PyErr_Format(PyExc_TypeError, "is_http_error() takes a tracer, a kind and a status");
    number_i64(given[1], &kind);
    number_i64(given[2], &status);
    ddtrace_tracer *tracer = tracer_of(given[0]);
    return PyErr_Occurred() ? NULL : PyBool_FromLong(dd.tracer_is_http_error(tracer, (int32_t)kind, (int32_t)status));
}

/* header_tag(tracer, header, is_response): the tag's name, or None */
static PyObject *header_tag(PyObject *module, arguments given, Py_ssize_t count)
{
    (void)module;
    if (count != 3)
        return PyErr_Format(PyExc_TypeError, "header_tag() takes a tracer, a header and a flag");
    struct scratch scratch = {NULL};
    ddtrace_tracer *tracer = tracer_of(given[0]);
    if (PyErr_Occurred())
        return NULL;
    ddtrace_str name = text_of(&scratch, given[1]);
    int is_response = given[2] == Py_True;
    PyObject *result;
    COPIED_TEXT(result, dd.tracer_header_tag(tracer, name.ptr, name.len, is_response, buf, cap));
    scratch_free(&scratch);
    return result;
}

/* clean_url(tracer, kind, url): as http.url may have it */
static PyObject *clean_url(PyObject *module, arguments given, Py_ssize_t count)
{
    (void)module;
    int64_t kind = 0;
    if (count != 3)
        return PyErr_Format(PyExc_TypeError, "clean_url() takes a tracer, a kind and a URL");
    number_i64(given[1], &kind);
    struct scratch scratch = {NULL};
    ddtrace_tracer *tracer = tracer_of(given[0]);
    if (PyErr_Occurred())
        return NULL;
    ddtrace_str url = text_of(&scratch, given[2]);
    PyObject *result;
    COPIED_TEXT(result, dd.tracer_clean_url(tracer, (int32_t)kind, url.ptr, url.len, buf, cap));
    scratch_free(&scratch);
    return result;
}

/* obfuscate_query(tracer, query) */
static PyObject *obfuscate_query(PyObject *module, arguments given, Py_ssize_t count)
{
    (void)module;
    if (count != 2)
        return PyErr_Format(PyExc_TypeError, "obfuscate_query() takes a tracer and a query string");
    struct scratch scratch = {NULL};
    ddtrace_tracer *tracer = tracer_of(given[0]);
    if (PyErr_Occurred())
        return NULL;
    ddtrace_str query = text_of(&scratch, given[1]);
    PyObject *result;
    COPIED_TEXT(result, dd.tracer_obfuscate_query(tracer, query.ptr, query.len, buf, cap));
    scratch_free(&scratch);
    return result;
}

/* client_ip(tracer, headers, peer or None): the address, or None */
static PyObject *client_ip(PyObject *module, arguments given, Py_ssize_t count)
{
    (void)module;
    if (count != 3)
        return PyErr_Format(PyExc_TypeError, "client_ip() takes a tracer, headers and the peer's address");
    struct scratch scratch = {NULL};
    size_t pairs = 0;
    ddtrace_tracer *tracer = tracer_of(given[0]);
    if (PyErr_Occurred())
        return NULL;
    ddtrace_str *texts = header_pairs(&scratch, given[1], &pairs);
    ddtrace_str peer = given[2] == Py_None ? (ddtrace_str)DDTRACE_STR_NONE : text_of(&scratch, given[2]);
    PyObject *result;
    COPIED_TEXT(result, dd.tracer_client_ip(tracer, texts, pairs, peer.ptr, peer.len, buf, cap));
    scratch_free(&scratch);
    return result;
}

/* add_extra_service(tracer, service) */
static PyObject *add_extra_service(PyObject *module, arguments given, Py_ssize_t count)
{
    (void)module;
    if (count != 2)
        return PyErr_Format(PyExc_TypeError, "add_extra_service() takes a tracer and a service");
    struct scratch scratch = {NULL};
    ddtrace_tracer *tracer = tracer_of(given[0]);
    if (PyErr_Occurred())
        return NULL;
    ddtrace_str service = text_of(&scratch, given[1]);
    (void)dd.tracer_add_extra_service(tracer, service.ptr, service.len);
    scratch_free(&scratch);
    Py_RETURN_NONE;
}

/* pointer_hash(parts): the hash of an object that spans point to */
static PyObject *pointer_hash(PyObject *module, PyObject *parts)
{
    (void)module;
    struct scratch scratch = {NULL};
    Py_ssize_t len = PySequence_Size(parts);
    ddtrace_str *texts = len < 0 ? NULL : scratch_alloc(&scratch, sizeof *texts * (size_t)(len + 1));
    if (texts == NULL)
        return PyErr_Occurred() ? NULL : PyErr_NoMemory();
    for (Py_ssize_t i = 0; i < len; i++)
        texts[i] = text_of(&scratch, scratch_keep(&scratch, PySequence_GetItem(parts, i)));
    PyErr_Clear();
    PyObject *result;
    COPIED_TEXT(result, dd.pointer_hash(texts, (size_t)len, buf, cap));
    scratch_free(&scratch);
    return result;
}

/* integration_setting(name, key): of the environment and the files of stable configuration; None where nothing is set */
static PyObject *integration_setting(PyObject *module, arguments given, Py_ssize_t count)
{
    (void)module;
    if (count != 2)
        return PyErr_Format(PyExc_TypeError, "integration_setting() takes the name of an integration and a key");
    struct scratch scratch = {NULL};
    ddtrace_str name = text_of(&scratch, given[0]), key = text_of(&scratch, given[1]);
    PyObject *result;
    COPIED_TEXT(result, dd.config_integration_get(NULL, name.ptr, name.len, key.ptr, key.len, buf, cap));
    scratch_free(&scratch);
    return result;
}

static PyMethodDef functions[] = {
    {"is_http_error", AS_METHOD(is_http_error), METH_FASTCALL, NULL},
    {"header_tag", AS_METHOD(header_tag), METH_FASTCALL, NULL},
    {"clean_url", AS_METHOD(clean_url), METH_FASTCALL, NULL},
    {"obfuscate_query", AS_METHOD(obfuscate_query), METH_FASTCALL, NULL},
    {"client_ip", AS_METHOD(client_ip), METH_FASTCALL, NULL},
    {"add_extra_service", AS_METHOD(add_extra_service), METH_FASTCALL, NULL},
    {"pointer_hash", pointer_hash, METH_O, NULL},
    {"integration_setting", AS_METHOD(integration_setting), METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

int add_web(PyObject *module)
{
    return PyModule_AddFunctions(module, functions);
}
