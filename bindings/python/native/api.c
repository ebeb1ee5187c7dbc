/* SPDX-License-Identifier: Apache-2.0 */
#include "native.h"

#include <dlfcn.h>

struct library dd;
const char *library_path;

/* Fills the table; the name of what is missing, or NULL. */
static const char *find_functions(void *library, struct library *found)
{
#define FIND(name)                                                                                                                        \
    *(void **)&found->name = dlsym(library, "ddtrace_" #name);                                                                            \
    if (found->name == NULL)                                                                                                              \
        return "ddtrace_" #name;
    DDTRACE_FUNCTIONS(FIND)
#undef FIND
    return NULL;
}

/* 1: loaded; 0: not, and `why` says the reason. */
static int load_one(const char *path, char *why, size_t cap)
{
    struct library found;
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        const char *error = dlerror();
        snprintf(why, cap, "%s", error ? error : path);
        return 0;
    }
    const char *missing = find_functions(library, &found);
    if (missing != NULL) {
        snprintf(why, cap, "%s: it has no %s, so it is older than this package", path, missing);
    } else if (found.abi_version() != DDTRACE_ABI_VERSION) {
        snprintf(why, cap, "%s: its ABI version is %u, and this package needs %u", path, found.abi_version(), DDTRACE_ABI_VERSION);
    } else {
        dd = found;
        return 1;
    }
    dlclose(library);
    return 0;
}

int library_load(const char *const *paths, size_t count)
{
    static char loaded[4096];
    char reasons[4096] = "";
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        char why[1024];
        if (load_one(paths[i], why, sizeof why)) {
            snprintf(loaded, sizeof loaded, "%s", paths[i]);
            library_path = loaded;
            return 0;
        }
        int written = snprintf(reasons + used, sizeof reasons - used, "%s%s", used ? "; " : "", why);
        if (written > 0 && used + (size_t)written < sizeof reasons)
            used += (size_t)written;
    }
    PyErr_Format(PyExc_ImportError, "libddtrace cannot be loaded: %s", reasons);
    return -1;
}
