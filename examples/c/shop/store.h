/*
 * What the back service keeps: a table of products, in memory but as slow as one on a disk, and a small cache before
 * it. Safe from several threads. It knows nothing of traces but which span filled a cache entry.
 */
#ifndef SHOP_STORE_H
#define SHOP_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include <ddtrace.h>

struct product {
    unsigned id;
    const char *name;
    unsigned cents;
    unsigned stock;
};

enum store_result { STORE_OK, STORE_NO_ROW, STORE_CONSTRAINT };

/* Looks up one row by its key. */
enum store_result store_select(unsigned id, struct product *row);

/* Reads all rows for those whose name contains the text, which takes about 300 ms. Answers how many there are. */
size_t store_search(const char *text, struct product *rows, size_t cap);

/* Takes one piece from the stock, which must not become negative. */
enum store_result store_take(unsigned id);

/* Looks a product up in the cache, and tells which span filled the entry. */
bool cache_get(unsigned id, struct product *product, ddtrace_span_ids *filled_by);

void cache_put(const struct product *product, const ddtrace_span_ids *filled_by);
void cache_forget(unsigned id);

#endif
