/* SPDX-License-Identifier: Apache-2.0
 *
 * Span: how it begins and ends. */
#include "native.h"

PyTypeObject *span_type;

static SpanObject *new_span(void)
{
    SpanObject *self = PyObject_New(SpanObject, span_type);
    if (self == NULL)
        return NULL;
    self->handle = NULL;
    self->tracer = NULL;
    self->parent = NULL;
    self->root = NULL;
    self->is_active = 0;
    self->weak = NULL;
    return self;
}

/* A finished parent is left out of the chain, which would grow for ever where spans follow each other. */
static void set_family(SpanObject *self, PyObject *parent)
{
    if (parent == NULL)
        return;
    PyObject *root = IS_SPAN(parent) ? ((SpanObject *)parent)->root : ((ContextObject *)parent)->root;
    if (root == NULL && IS_SPAN(parent))
        root = parent;
    Py_XINCREF(root);
    self->root = root;
    PyObject *kept = IS_SPAN(parent) ? open_ancestor(parent) : parent;
    Py_XINCREF(kept);
    self->parent = kept;
}

static void add_links(SpanObject *self, PyObject *links)
{
    PyObject *iterator = PyObject_GetIter(links);
    PyObject *link;
    while (iterator != NULL && (link = PyIter_Next(iterator)) != NULL) {
        PyObject *result = PyTuple_Check(link) ? PyObject_CallMethod((PyObject *)self, "add_link", "O", link)
                                               : PyObject_CallMethod((PyObject *)self, "add_link", "(O)", link);
        if (result == NULL)
            PyErr_Clear();
        Py_XDECREF(result);
        Py_DECREF(link);
    }
    PyErr_Clear();
    Py_XDECREF(iterator);
}

PyObject *span_begin(TracerObject *tracer, const struct span_arguments *given)
{
    SpanObject *self = new_span();
    if (self == NULL)
        return NULL;
    struct tag_list tags;
    tag_list_init(&tags);
    struct scratch *scratch = &tags.scratch;
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    options.name = text_of(scratch, given->name);
    if (given->service != NULL)
        options.service = text_of(scratch, given->service);
    if (given->resource != NULL)
        options.resource = value_of(scratch, given->resource);
    if (given->type != NULL)
        options.type = text_of(scratch, given->type);
    if (given->parent != NULL) {
        if (IS_SPAN(given->parent))
            options.parent_span = ((SpanObject *)given->parent)->handle;
        else
            options.parent_context = ((ContextObject *)given->parent)->handle;
    }
    number_i64(given->start_ns, &options.start_ns);
    if (given->kind != NULL)
        options.kind = kind_of(given->kind);
    options.flags = given->flags;
    if (given->tags != NULL) {
        tag_list_extend(&tags, given->tags);
        options.tags = tags.items;
        options.tags_len = tags.len;
    }
    ddtrace_tracer *handle = tracer_handle(tracer);
    (void)dd.span_start(handle, &options, &self->handle, NULL);
    tag_list_free(&tags);
    Py_INCREF((PyObject *)tracer);
    self->tracer = tracer;
    set_family(self, given->parent);
    if (given->links != NULL)
        add_links(self, given->links);
    if (given->activate) {
        self->is_active = 1;
        active_set((PyObject *)self);
    }
    return (PyObject *)self;
}

PyObject *span_wrap(ddtrace_span *borrowed)
{
    SpanObject *self = new_span();
    if (self != NULL)
        self->handle = dd.span_ref(borrowed);
    return (PyObject *)self;
}

void span_end(SpanObject *self, const ddtrace_span_end_options *options)
{
    (void)dd.span_finish(self->handle, options);
    if (self->is_active) {
        self->is_active = 0;
        if (active_is((PyObject *)self))
            active_set(open_ancestor(self->parent));
    }
}

static PyObject *span_finish(PyObject *object, arguments given, Py_ssize_t count, PyObject *names)
{
    static struct signature signature = {"finish", 1, 0, {"finish_ns", NULL}, {NULL}, 0};
    SpanObject *self = (SpanObject *)object;
    if (count == 0 && names == NULL) {
        span_end(self, NULL);
        Py_RETURN_NONE;
    }
    PyObject *values[MAX_PARAMETERS];
    if (parse_arguments(&signature, given, count, names, values) < 0)
        return NULL;
    ddtrace_span_end_options options = DDTRACE_SPAN_END_OPTIONS_INIT;
    number_i64(values[0], &options.end_ns);
    span_end(self, &options);
    Py_RETURN_NONE;
}

static PyObject *span_finish_with_ancestors(PyObject *object, arguments given, Py_ssize_t count, PyObject *names)
{
    static struct signature signature = {"finish_with_ancestors", 1, 0, {"finish_ns", NULL}, {NULL}, 0};
    SpanObject *self = (SpanObject *)object;
    PyObject *values[MAX_PARAMETERS];
    if (parse_arguments(&signature, given, count, names, values) < 0)
        return NULL;
    int64_t end_ns = 0;
    number_i64(values[0], &end_ns);
    (void)dd.span_finish_with_ancestors(self->handle, end_ns);
    self->is_active = 0;
    Py_XDECREF(active_get());
    Py_RETURN_NONE;
}

static PyObject *span_enter(PyObject *self, PyObject *unused)
{
    (void)unused;
    return Py_NewRef(self);
}

/* What was raised is recorded by the method set_exc_info. */
static PyObject *span_exit(PyObject *self, arguments given, Py_ssize_t count)
{
    if (count == 3 && given[0] != Py_None) {
        PyObject *result = PyObject_CallMethod(self, "set_exc_info", "OOO", given[0], given[1], given[2]);
        if (result == NULL)
            PyErr_Clear();
        Py_XDECREF(result);
    }
    span_end((SpanObject *)self, NULL);
    Py_RETURN_NONE;
}

/* Only frees: a span that is collected unfinished is abandoned, and counted by the library. Ancestors go one by one, not by recursion. */
static void span_dealloc(PyObject *object)
{
    SpanObject *self = (SpanObject *)object;
    if (self->weak != NULL)
        PyObject_ClearWeakRefs(object);
    if (self->handle != NULL)
        dd.span_free(self->handle);
    PyObject *parent = self->parent;
    Py_XDECREF(self->root);
    Py_XDECREF((PyObject *)self->tracer);
    free_object(object);
    while (parent != NULL) {
        PyObject *next = NULL;
        if (Py_REFCNT(parent) == 1 && IS_SPAN(parent)) {
            next = ((SpanObject *)parent)->parent;
            ((SpanObject *)parent)->parent = NULL;
        }
        Py_DECREF(parent);
        parent = next;
    }
}

static PyObject *span_compare(PyObject *one, PyObject *other, int operation)
{
    if ((operation != Py_EQ && operation != Py_NE) || !IS_SPAN(one) || !IS_SPAN(other))
        Py_RETURN_NOTIMPLEMENTED;
    int same = one == other || (((SpanObject *)one)->handle == ((SpanObject *)other)->handle && ((SpanObject *)one)->handle != NULL);
    return PyBool_FromLong(same == (operation == Py_EQ));
}

static Py_hash_t span_hash(PyObject *self)
{
    void *handle = ((SpanObject *)self)->handle;
    return (Py_hash_t)((uintptr_t)(handle ? handle : (void *)self) >> 4) & PY_SSIZE_T_MAX;
}

static PyObject *span_repr(PyObject *self)
{
    ddtrace_span_ids ids = {0};
    PyObject *name = NULL;
    (void)dd.span_get_ids(((SpanObject *)self)->handle, &ids);
    COPIED_TEXT(name, dd.span_get_name(((SpanObject *)self)->handle, buf, cap));
    if (name == NULL)
        return NULL;
    char text[96];
    snprintf(text, sizeof text, "trace_id=%016llx%016llx span_id=%016llx", (unsigned long long)ids.trace_id_high,
        (unsigned long long)ids.trace_id_low, (unsigned long long)ids.span_id);
    PyObject *result = PyUnicode_FromFormat("<Span %R %s>", name, text);
    Py_DECREF(name);
    return result;
}

static PyMethodDef methods[] = {
    {"finish", AS_METHOD(span_finish), FASTCALL_KEYWORDS, "Ends the span, now or at the given time. A second call does nothing."},
    {"finish_with_ancestors", AS_METHOD(span_finish_with_ancestors), FASTCALL_KEYWORDS, "Ends the span and all local spans above it."},
    {"__enter__", span_enter, METH_NOARGS, NULL},
    {"__exit__", AS_METHOD(span_exit), METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(SpanObject, weak), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "A unit of work. Made by Tracer.trace and Tracer.start_span."},
    {Py_tp_dealloc, span_dealloc},
    {Py_tp_repr, span_repr},
    {Py_tp_hash, span_hash},
    {Py_tp_richcompare, span_compare},
    {Py_tp_methods, methods},
    {Py_tp_members, members},
    {Py_tp_getset, span_properties},
    {0, NULL},
};

static PyType_Spec spec = {"libddtrace._native.Span", sizeof(SpanObject), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};

int add_span(PyObject *module)
{
    span_type = add_type(module, &spec);
    if (span_type == NULL || add_methods(span_type, span_setters) < 0 || add_methods(span_type, span_getters_methods) < 0
        || add_methods(span_type, span_records) < 0 || add_methods(span_type, span_baggage) < 0)
        return -1;
    return PyModule_AddFunctions(module, records_functions);
}
