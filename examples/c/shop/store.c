#define _POSIX_C_SOURCE 200809L

#include "store.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#define CACHE_SLOTS 8
#define ROW_READ_NS 1500000L   /* by key */
#define ROW_SCAN_NS 37500000L  /* without an index, per row */

static struct product table[] = {
    {1, "desk lamp", 2499, 12},    {2, "notebook", 399, 250},   {3, "fountain pen", 4900, 0}, {4, "ink, blue", 750, 31},
    {5, "floor lamp", 8900, 4},    {6, "paper clips", 199, 90}, {7, "envelopes", 549, 40},    {8, "lamp shade", 1999, 7},
};
#define ROWS (sizeof table / sizeof *table)

static struct {
    bool used;
    struct product product;
    ddtrace_span_ids filled_by;
} cache[CACHE_SLOTS];

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t cache_lock = PTHREAD_MUTEX_INITIALIZER;

static void wait_for_disk(long ns) {
    struct timespec time = {0, ns};
    nanosleep(&time, NULL);
}

/* The row with this key, or NULL. The caller holds the lock of the table. */
static struct product *find_row(unsigned id) {
    for (size_t i = 0; i < ROWS; i++)
        if (table[i].id == id)
            return &table[i];
    return NULL;
}

enum store_result store_select(unsigned id, struct product *row) {
    wait_for_disk(ROW_READ_NS);
    pthread_mutex_lock(&table_lock);
    const struct product *found = find_row(id);
    if (found)
        *row = *found;
    pthread_mutex_unlock(&table_lock);
    return found ? STORE_OK : STORE_NO_ROW;
}

size_t store_search(const char *text, struct product *rows, size_t cap) {
    size_t found = 0;
    for (size_t i = 0; i < ROWS; i++) {
        wait_for_disk(ROW_SCAN_NS);
        pthread_mutex_lock(&table_lock);
        if (found < cap && strstr(table[i].name, text))
            rows[found++] = table[i];
        pthread_mutex_unlock(&table_lock);
    }
    return found;
}

enum store_result store_take(unsigned id) {
    enum store_result result = STORE_OK;
    wait_for_disk(ROW_READ_NS);
    pthread_mutex_lock(&table_lock);
    struct product *row = find_row(id);
    if (!row)
        result = STORE_NO_ROW;
    else if (row->stock == 0)
        result = STORE_CONSTRAINT;
    else
        row->stock--;
    pthread_mutex_unlock(&table_lock);
    return result;
}

bool cache_get(unsigned id, struct product *product, ddtrace_span_ids *filled_by) {
    size_t slot = id % CACHE_SLOTS;
    pthread_mutex_lock(&cache_lock);
    bool hit = cache[slot].used && cache[slot].product.id == id;
    if (hit) {
        *product = cache[slot].product;
        *filled_by = cache[slot].filled_by;
    }
    pthread_mutex_unlock(&cache_lock);
    return hit;
}

void cache_put(const struct product *product, const ddtrace_span_ids *filled_by) {
    size_t slot = product->id % CACHE_SLOTS;
    pthread_mutex_lock(&cache_lock);
    cache[slot].used = true;
    cache[slot].product = *product;
    cache[slot].filled_by = *filled_by;
    pthread_mutex_unlock(&cache_lock);
}

void cache_forget(unsigned id) {
    size_t slot = id % CACHE_SLOTS;
    pthread_mutex_lock(&cache_lock);
    if (cache[slot].product.id == id)
        cache[slot].used = false;
    pthread_mutex_unlock(&cache_lock);
}
