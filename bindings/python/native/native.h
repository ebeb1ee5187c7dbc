/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the extension share. All of it runs with the GIL held unless it says otherwise. */
#ifndef LIBDDTRACE_PYTHON_NATIVE_H
#define LIBDDTRACE_PYTHON_NATIVE_H

#define PY_SSIZE_T_CLEAN
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030a0000
#endif
#include <Python.h>
#include <structmember.h>

#include "api.h"

typedef PyObject *const *arguments;
#define FASTCALL_KEYWORDS (METH_FASTCALL | METH_KEYWORDS)
#define AS_METHOD(function) ((PyCFunction)(void (*)(void))(function))

/* ---- objects ---- */

typedef struct {
    PyObject_HEAD
    ddtrace_tracer *handle; /* NULL until the first use of a tracer that is made lazily */
    char is_shut_down;
    PyObject *weak;
} TracerObject;

typedef struct {
    PyObject_HEAD
    ddtrace_span *handle; /* NULL if the library could not start it: all calls do nothing then */
    TracerObject *tracer; /* may be NULL: a span that a processor or filter was shown */
    PyObject *parent;     /* the nearest local ancestor that was open, a Context, or NULL */
    PyObject *root;       /* the local root span; NULL: this one */
    char is_active;       /* it was activated when it was started */
    PyObject *weak;
} SpanObject;

typedef struct {
    PyObject_HEAD
    ddtrace_context *handle;
    PyObject *root; /* the local root span of the span that it was taken from, or NULL */
    unsigned scopes; /* how many scopes have it activated */
    PyObject *weak;
} ContextObject;

typedef struct {
    PyObject_HEAD
    ddtrace_config *handle;
} ConfigObject;

typedef struct {
    PyObject_HEAD
    ddtrace_exporter *handle;
} ExporterObject;

extern PyTypeObject *tracer_type, *span_type, *context_type, *config_type, *exporter_type;

#define IS_SPAN(object) (Py_TYPE(object) == span_type)
#define IS_CONTEXT(object) (Py_TYPE(object) == context_type)

/* Each adds its types and functions to the module; -1 with an exception. */
int add_tracer(PyObject *module);
int add_span(PyObject *module);
int add_context(PyObject *module);
int add_config(PyObject *module);
int add_propagator(PyObject *module);
int add_exporters(PyObject *module);
int add_hooks(PyObject *module);
int add_methods(PyTypeObject *type, PyMethodDef *definitions);
int add_active(PyObject *module);
int add_callbacks(PyObject *module);
int add_hub(PyObject *module);
int add_web(PyObject *module);
int add_subscriptions(PyObject *module);
int add_telemetry(PyObject *module);
int add_statsd(PyObject *module);

/* Makes a type and adds it to the module under the last part of its name. */
PyTypeObject *add_type(PyObject *module, PyType_Spec *spec);

/* Frees the memory of an object of one of our types. */
void free_object(PyObject *self);
/* The same for types that may have subclasses. */
void free_subclassed(PyObject *self);

/* ---- arguments.c ---- */

#define MAX_PARAMETERS 16
struct signature {
    const char *function;
    int positional; /* how many may be given by position */
    int required;
    const char *texts[MAX_PARAMETERS]; /* the names; ends with NULL */
    PyObject *names[MAX_PARAMETERS];
    int count;
};

/* Sorts the arguments of a call into `values` (borrowed; NULL where not given, and where None was given). -1 with a TypeError. */
int parse_arguments(struct signature *signature, arguments given, Py_ssize_t count, PyObject *names, PyObject **values);

/* Answers whether an optional number was given and is one; otherwise `out` stays. */
int number_i64(PyObject *object, int64_t *out);

/* A kind of span by its number, or by its name in any case; what is none is unspecified. */
int32_t kind_of(PyObject *object);

/* ---- text.c ---- */

/* What conversions of one call need until it has been made: memory, and references. Cleared, it needs no freeing. */
struct scratch {
    struct scratch_block *blocks;
};
void *scratch_alloc(struct scratch *scratch, size_t size);
/* Takes over a reference. */
PyObject *scratch_keep(struct scratch *scratch, PyObject *object);
/* Takes over what another one holds. */
void scratch_adopt(struct scratch *scratch, struct scratch *other);
void scratch_free_blocks(struct scratch *scratch);
static inline void scratch_free(struct scratch *scratch)
{
    if (scratch->blocks != NULL)
        scratch_free_blocks(scratch);
}

/* The text of any object: UTF-8 of a str in place, bytes as they are, str() of others. Never fails: what cannot be said is "<unprintable>".
 * NULL is no text. */
ddtrace_str text_slow(struct scratch *scratch, PyObject *object, Py_ssize_t limit);
static inline ddtrace_str text_of(struct scratch *scratch, PyObject *object)
{
    if (object != NULL && PyUnicode_Check(object)) {
        Py_ssize_t len;
        const char *ptr = PyUnicode_AsUTF8AndSize(object, &len);
        if (ptr != NULL)
            return (ddtrace_str){ptr, (size_t)len};
    }
    return text_slow(scratch, object, 0);
}
/* The same for a tag's value, which the library cuts anyway: of a huge one only the beginning is converted. */
#define LONGEST_VALUE 25001
static inline ddtrace_str value_of(struct scratch *scratch, PyObject *object)
{
    if (PyUnicode_Check(object)) {
        if (PyUnicode_GetLength(object) > LONGEST_VALUE)
            return text_slow(scratch, object, LONGEST_VALUE);
        Py_ssize_t len;
        const char *ptr = PyUnicode_AsUTF8AndSize(object, &len);
        if (ptr != NULL)
            return (ddtrace_str){ptr, (size_t)len};
    }
    return text_slow(scratch, object, LONGEST_VALUE);
}

/* str from text of the library; bytes that are not UTF-8 are replaced. */
PyObject *string_from(ddtrace_str text);
PyObject *string_from_static(const char *text);

/* Calls `expression`, which uses `buf` and `cap` and answers a length, until the text fits. A new str, or None for DDTRACE_ABSENT. */
#define COPIED_TEXT(result, expression)                                                                                                   \
    do {                                                                                                                                  \
        char small_[512], *buf = small_;                                                                                                  \
        size_t cap = sizeof small_;                                                                                                       \
        for (;;) {                                                                                                                        \
            size_t len_ = (expression);                                                                                                   \
            if (len_ == DDTRACE_ABSENT) {                                                                                                 \
                (result) = Py_NewRef(Py_None);                                                                                            \
                break;                                                                                                                    \
            }                                                                                                                             \
            if (len_ < cap) {                                                                                                             \
                (result) = string_from((ddtrace_str){buf, len_});                                                                         \
                break;                                                                                                                    \
            }                                                                                                                             \
            char *larger_ = PyMem_Realloc(buf == small_ ? NULL : buf, len_ + 256);                                                        \
            if (larger_ == NULL) {                                                                                                        \
                (result) = PyErr_NoMemory();                                                                                              \
                break;                                                                                                                    \
            }                                                                                                                             \
            buf = larger_;                                                                                                                \
            cap = len_ + 256;                                                                                                             \
        }                                                                                                                                 \
        if (buf != small_)                                                                                                                \
            PyMem_Free(buf);                                                                                                              \
    } while (0)

/* ---- tags.c ---- */

struct tag_list {
    struct scratch scratch;
    ddtrace_tag *items;
    size_t len, cap;
    ddtrace_tag small[24];
};
void tag_list_init(struct tag_list *list);
/* Adds the items of a mapping; what is none is ignored. */
void tag_list_extend(struct tag_list *list, PyObject *mapping);
static inline void tag_list_free(struct tag_list *list)
{
    scratch_free(&list->scratch);
}
void tag_value(struct scratch *scratch, ddtrace_tag *tag, PyObject *value, int depth);

/* ---- active.c ---- */

/* A new reference to the active Span or Context of this task or thread, after cleaning up behind finished spans; NULL if there is none. */
PyObject *active_get(void);
/* Makes it the active one; NULL: none. Failures are swallowed: tracing never fails the program. */
void active_set(PyObject *span_or_context);
/* What is active, uncleaned: borrowed comparisons only. */
int active_is(PyObject *object);
/* The nearest of `object` and its ancestors that may be active: an open span, or a context in scope. A borrowed reference, or NULL. */
PyObject *open_ancestor(PyObject *object);

/* ---- span.c, context.c, tracer.c ---- */

struct span_arguments {
    PyObject *name, *service, *resource, *type, *tags, *start_ns, *kind, *links, *parent;
    uint32_t flags;
    int activate;
};
PyObject *span_begin(TracerObject *tracer, const struct span_arguments *given);
void span_end(SpanObject *self, const ddtrace_span_end_options *options);
/* A Span for a handle that a callback was shown, with a reference of its own. */
PyObject *span_wrap(ddtrace_span *borrowed);
/* Takes over the handle; a new Context, or NULL with an exception. */
PyObject *context_wrap(ddtrace_context *handle, PyObject *root);
/* The handle, which the first use makes; NULL if there is none. */
ddtrace_tracer *tracer_handle(TracerObject *self);

/* Sets ValueError, OSError or RuntimeError from a status, and frees the error. Answers NULL. */
PyObject *raise_status(ddtrace_status status, ddtrace_error *error);

/* ---- callbacks.c ---- */

/* Enters Python on a thread of the library. 0: the interpreter is ending, so nothing may be called. */
struct entry {
    PyGILState_STATE state;
};
int callback_enter(struct entry *entry);
void callback_leave(struct entry *entry);
/* For free_user_data: drops the reference. */
void callback_free(void *object);
/* An exception of the program's function is told through sys.unraisablehook, the first ten times, and goes no further. */
void callback_failed(PyObject *function);

/* Names and values of headers, from a mapping or from a sequence of pairs; NULL if `headers` is neither. */
ddtrace_str *header_pairs(struct scratch *scratch, PyObject *headers, size_t *pairs);
/* The texts of a sequence; none of a str, or of None. */
ddtrace_str *texts_of(struct scratch *scratch, PyObject *sequence, size_t *len);
/* An int of 128 bits, and back; what is no int is 0. */
PyObject *long_from_halves(uint64_t high, uint64_t low);
void split_id(PyObject *number, uint64_t *high, uint64_t *low);

extern PyMethodDef span_setters[], span_getters_methods[], span_records[], span_baggage[], context_baggage[], records_functions[];
extern PyGetSetDef span_properties[];

#endif
