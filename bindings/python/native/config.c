/* SPDX-License-Identifier: Apache-2.0
 *
 * Config: settings by their names, before a tracer is made of them. */
#include "native.h"

PyTypeObject *config_type;

PyObject *raise_status(ddtrace_status status, ddtrace_error *error)
{
    PyObject *kind = status == DDTRACE_ERR_INVALID     ? PyExc_ValueError
                   : status == DDTRACE_ERR_NOT_FOUND   ? PyExc_KeyError
                   : status == DDTRACE_ERR_IO          ? PyExc_OSError
                   : status == DDTRACE_ERR_TIMEOUT     ? PyExc_TimeoutError
                                                       : PyExc_RuntimeError;
    PyObject *message = error != NULL ? string_from(dd.error_message(error)) : PyUnicode_FromString(dd.status_text(status));
    if (message != NULL)
        PyErr_SetObject(kind, message);
    Py_XDECREF(message);
    dd.error_free(error);
    return NULL;
}

static ddtrace_config *handle_of(PyObject *self)
{
    return ((ConfigObject *)self)->handle;
}

static PyObject *config_new(PyTypeObject *type, PyObject *positional, PyObject *named)
{
    (void)positional, (void)named;
    ddtrace_config *handle = NULL;
    ddtrace_status status = dd.config_new(&handle);
    if (status != DDTRACE_OK)
        return raise_status(status, NULL);
    ConfigObject *self = (ConfigObject *)PyType_GenericAlloc(type, 0);
    if (self == NULL)
        dd.config_free(handle);
    else
        self->handle = handle;
    return (PyObject *)self;
}

static void config_dealloc(PyObject *self)
{
    dd.config_free(handle_of(self));
    free_subclassed(self);
}

static PyObject *config_set(PyObject *self, arguments given, Py_ssize_t count)
{
    if (count != 2)
        return PyErr_Format(PyExc_TypeError, "set() takes a key and a value");
    struct scratch scratch = {NULL};
    ddtrace_str key = text_of(&scratch, given[0]), value = text_of(&scratch, given[1]);
    ddtrace_error *error = NULL;
    ddtrace_status status = dd.config_set(handle_of(self), key.ptr, key.len, value.ptr, value.len, &error);
    scratch_free(&scratch);
    if (status != DDTRACE_OK)
        return raise_status(status, error);
    Py_RETURN_NONE;
}

static PyObject *config_unset(PyObject *self, PyObject *key)
{
    struct scratch scratch = {NULL};
    ddtrace_str name = text_of(&scratch, key);
    ddtrace_status status = dd.config_unset(handle_of(self), name.ptr, name.len);
    scratch_free(&scratch);
    if (status != DDTRACE_OK)
        return raise_status(status, NULL);
    Py_RETURN_NONE;
}

static PyObject *config_get(PyObject *self, PyObject *key)
{
    struct scratch scratch = {NULL};
    ddtrace_str name = text_of(&scratch, key);
    PyObject *result;
    COPIED_TEXT(result, dd.config_get(handle_of(self), name.ptr, name.len, buf, cap));
    scratch_free(&scratch);
    return result;
}

static PyObject *config_origin(PyObject *self, PyObject *key)
{
    struct scratch scratch = {NULL};
    ddtrace_str name = text_of(&scratch, key);
    PyObject *result = string_from_static(dd.config_origin(handle_of(self), name.ptr, name.len));
    scratch_free(&scratch);
    return result;
}

static void visit(void *list, ddtrace_str name, ddtrace_str value, ddtrace_str origin)
{
    PyObject *text = value.ptr == NULL ? Py_NewRef(Py_None) : string_from(value);
    PyObject *entry = text == NULL ? NULL : Py_BuildValue("(NNN)", string_from(name), text, string_from(origin));
    if (entry == NULL || PyList_Append(list, entry) < 0)
        PyErr_Clear();
    Py_XDECREF(entry);
}

static PyObject *config_entries(PyObject *self, PyObject *unused)
{
    (void)unused;
    PyObject *list = PyList_New(0);
    if (list != NULL)
        (void)dd.config_each(handle_of(self), visit, list);
    return list;
}

static void visit_warning(void *list, ddtrace_str warning)
{
    PyObject *text = string_from(warning);
    if (text == NULL || PyList_Append(list, text) < 0)
        PyErr_Clear();
    Py_XDECREF(text);
}

static PyObject *config_warnings(PyObject *self, PyObject *unused)
{
    (void)unused;
    PyObject *list = PyList_New(0);
    if (list != NULL)
        (void)dd.config_each_warning(handle_of(self), visit_warning, list);
    return list;
}

static PyObject *config_set_exporter(PyObject *self, PyObject *exporter)
{
    if (!PyObject_TypeCheck(exporter, exporter_type))
        return PyErr_Format(PyExc_TypeError, "an exporter of libddtrace.exporters is expected, not %R", Py_TYPE(exporter));
    ddtrace_status status = dd.config_set_exporter(handle_of(self), ((ExporterObject *)exporter)->handle);
    if (status != DDTRACE_OK)
        return raise_status(status, NULL);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"set", AS_METHOD(config_set), METH_FASTCALL, "Sets a setting, over the environment."},
    {"unset", config_unset, METH_O, "Takes a setting back."},
    {"get", config_get, METH_O, "The value in effect, as text; None if there is none."},
    {"origin", config_origin, METH_O, "Where the value comes from."},
    {"entries", config_entries, METH_NOARGS, "All values that were seen: (name, value, origin)."},
    {"warnings", config_warnings, METH_NOARGS, "What is wrong with the settings."},
    {"set_exporter", config_set_exporter, METH_O, "Sends finished spans to this exporter."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "Settings by name, as they would be in the environment."},
    {Py_tp_new, config_new},
    {Py_tp_dealloc, config_dealloc},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec spec = {"libddtrace._native.Config", sizeof(ConfigObject), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, slots};

int add_config(PyObject *module)
{
    config_type = add_type(module, &spec);
    return config_type == NULL ? -1 : 0;
}
