/* A player makes random calls: what it owns, which handles it tries, which arguments it finds. For random_calls.c. */
#ifndef PLAYER_H
#define PLAYER_H

#include "recorder.h"

#include <pthread.h>

enum { THREADS = 4, KINDS = DDTRACE_HANDLE_EXCHANGE + 1, OWNED = 12, STALE = 8, SEEN = 64, LONG_TEXT = 30000 };

/* One thread that plays. */
typedef struct player {
    uint64_t random;
    void *owned[KINDS][OWNED]; /* references of its own */
    void *stale[STALE];        /* what it gave back last */
    unsigned stale_next;
} player;

/* Handles that others are using, while the thread that owns them may give them back at any time. */
static void *seen[KINDS][SEEN];

/* How many handles were made of each kind: calls that all fail would test nothing. */
static size_t made_of[KINDS];

static char *long_text;
static char scratch_file[512];

static inline uint64_t next_random(player *player)
{
    player->random ^= player->random << 13;
    player->random ^= player->random >> 7;
    player->random ^= player->random << 17;
    return player->random;
}

static inline size_t below(player *player, size_t limit)
{
    return (size_t)((next_random(player) >> 11) % limit);
}

static inline bool one_in(player *player, size_t chances)
{
    return below(player, chances) == 0;
}

/* A place with a handle in it, if there is one soon. */
static inline size_t full_place(player *player, int kind)
{
    size_t place = below(player, OWNED);
    for (int i = 0; i < OWNED && player->owned[kind][place] == NULL; i++)
        place = (place + 1) % OWNED;
    return place;
}

static inline void *handle(player *player, int kind)
{
    switch (below(player, 16)) {
    case 0:
        return NULL;
    case 1:
        return player->stale[below(player, STALE)];
    case 2:
        return player->owned[1 + below(player, KINDS - 1)][below(player, OWNED)];
    case 3:
    case 4:
        return __atomic_load_n(&seen[kind][below(player, SEEN)], __ATOMIC_RELAXED);
    default:
        return player->owned[kind][full_place(player, kind)];
    }
}

static inline void remember(player *player, void *stale)
{
    player->stale[player->stale_next++ % STALE] = stale;
}

/* A handle to be given back: mostly one of the player's own, which it forgets. */
static inline void *take(player *player, int kind)
{
    size_t place = full_place(player, kind);
    void *taken = player->owned[kind][place];
    if (one_in(player, 12))
        return one_in(player, 2) ? player->stale[below(player, STALE)] : player->owned[1 + (kind + 1) % (KINDS - 1)][place];
    player->owned[kind][place] = NULL;
    remember(player, taken);
    return taken;
}

static inline void give_back(int kind, void *handle)
{
    switch (kind) {
    case DDTRACE_HANDLE_CONFIG:
        ddtrace_config_free(handle);
        break;
    case DDTRACE_HANDLE_TRACER:
        ddtrace_tracer_free(handle);
        break;
    case DDTRACE_HANDLE_SPAN:
        ddtrace_span_free(handle);
        break;
    case DDTRACE_HANDLE_CONTEXT:
        ddtrace_context_free(handle);
        break;
    case DDTRACE_HANDLE_PROPAGATOR:
        ddtrace_propagator_free(handle);
        break;
    case DDTRACE_HANDLE_PROVIDER:
        ddtrace_provider_free(handle);
        break;
    case DDTRACE_HANDLE_EXPORTER:
        ddtrace_exporter_free(handle);
        break;
    case DDTRACE_HANDLE_ERROR:
        ddtrace_error_free(handle);
        break;
    default:
        ddtrace_exchange_fail(handle, NULL, 0);
    }
}

/* Takes a handle in, in place of another one, and shows it to the other threads. */
static inline void keep(player *player, int kind, void *handle)
{
    if (handle == NULL)
        return;
    __atomic_add_fetch(&made_of[kind], 1, __ATOMIC_RELAXED);
    void **place = &player->owned[kind][below(player, OWNED)];
    if (*place != NULL) {
        give_back(kind, *place);
        remember(player, *place);
    }
    *place = handle;
    __atomic_store_n(&seen[kind][below(player, SEEN)], handle, __ATOMIC_RELAXED);
}

#define CONFIG(player) ((ddtrace_config *)handle(player, DDTRACE_HANDLE_CONFIG))
#define TRACER(player) ((ddtrace_tracer *)handle(player, DDTRACE_HANDLE_TRACER))
#define SPAN(player) ((ddtrace_span *)handle(player, DDTRACE_HANDLE_SPAN))
#define CONTEXT(player) ((ddtrace_context *)handle(player, DDTRACE_HANDLE_CONTEXT))
#define PROPAGATOR(player) ((ddtrace_propagator *)handle(player, DDTRACE_HANDLE_PROPAGATOR))
#define PROVIDER(player) ((ddtrace_provider *)handle(player, DDTRACE_HANDLE_PROVIDER))
#define EXPORTER(player) ((ddtrace_exporter *)handle(player, DDTRACE_HANDLE_EXPORTER))
#define EXCHANGE(player) ((ddtrace_exchange *)handle(player, DDTRACE_HANDLE_EXCHANGE))

/* Text with a meaning to the library, or to nobody. */
static inline ddtrace_str text(player *player)
{
    static const char *const words[] = {
        "", "a", "manual.keep", "manual.drop", "service.name", "resource.name", "operation.name", "span.type", "http.status_code",
        "service.version", "version", "env", "_dd.measured", "analytics.event", "_sampling_priority_v1", "_dd.p.dm", "_dd.p.tid",
        "_dd.origin", "error", "error.type", "error.message", "error.stack", "span.kind", "http.method", "db.system", "tracestate", "_dd.parent_id",
        "language", "runtime-id", "process_id", "true", "0", "1", "-1", "1e400", "NaN", "key.0.x", "x-datadog-trace-id", "traceparent", "baggage", "b3",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "123456789", "user.id=1,session.id=2;p=q", "dd=s:2;o:rum;t.dm:-4,x=y",
        "DD_SERVICE", "\xff\xfe\xc3", "\xf0\x9f\xa6\x80", "%00%FF", "two\nlines", ",;=\"\\",
    };
    ddtrace_str made = DDTRACE_STR_NONE;
    switch (below(player, 24)) {
    case 0:
        made.len = one_in(player, 2) ? 0 : below(player, 100);
        return made;
    case 1:
        made.len = DDTRACE_NTS;
        return made;
    case 2:
        made.ptr = long_text;
        made.len = one_in(player, 2) ? DDTRACE_NTS : below(player, LONG_TEXT);
        return made;
    case 3:
        made.ptr = long_text + below(player, LONG_TEXT / 2);
        made.len = below(player, 3000);
        return made;
    default:
        made.ptr = words[below(player, sizeof words / sizeof *words)];
        made.len = one_in(player, 2) ? DDTRACE_NTS : strlen(made.ptr);
        return made;
    }
}

#define AS_TEXT(given) (given).ptr, (given).len

/* A setting and a value that it may take, or may not. */
static inline ddtrace_str setting(player *player, ddtrace_str *value)
{
    static const char *const pairs[][2] = {
        { "DD_SERVICE", "shop" },
        { "DD_ENV", "test" },
        { "DD_VERSION", "1.2" },
        { "DD_TAGS", "a:b,c:d,env:x" },
        { "DD_TRACE_ENABLED", "false" },
        { "DD_TRACE_SAMPLE_RATE", "0.5" },
        { "DD_TRACE_SAMPLING_RULES", "[{\"service\":\"s*\",\"sample_rate\":0.5},{\"tags\":{\"a\":\"?\"},\"sample_rate\":1}]" },
        { "DD_SPAN_SAMPLING_RULES", "[{\"name\":\"*\",\"sample_rate\":0.5,\"max_per_second\":10}]" },
        { "DD_TRACE_RATE_LIMIT", "1" },
        { "DD_TRACE_PROPAGATION_STYLE", "datadog,tracecontext,b3,b3multi,baggage" },
        { "DD_TRACE_PROPAGATION_BEHAVIOR_EXTRACT", "restart" },
        { "DD_TRACE_BAGGAGE_TAG_KEYS", "*" },
        { "DD_TRACE_PARTIAL_FLUSH_MIN_SPANS", "2" },
        { "DD_TRACE_WRITER_BUFFER_SIZE_BYTES", "70000" },
        { "DD_TRACE_WRITER_MAX_PAYLOAD_SIZE_BYTES", "1000" },
        { "DD_TRACE_WRITER_INTERVAL_SECONDS", "0.01" },
        { "DD_TRACE_API_VERSION", "v0.5" },
        { "DD_SERVICE_MAPPING", "shop:market" },
        { "LIBDDTRACE_EXPORTER", "memory" },
        { "LIBDDTRACE_EXPORTER", "null" },
        { "LIBDDTRACE_HOST_DRIVEN", "true" },
        { "LIBDDTRACE_MAX_LIVE_SPANS", "3" },
        { "LIBDDTRACE_SHUTDOWN_TIMEOUT_MS", "100" },
        { "DD_TRACE_AGENT_TIMEOUT_SECONDS", "0.05" },
    };
    const char *const *pair = pairs[below(player, sizeof pairs / sizeof *pairs)];
    ddtrace_str key = { pair[0], DDTRACE_NTS };
    value->ptr = pair[1];
    value->len = DDTRACE_NTS;
    if (one_in(player, 6))
        *value = text(player);
    return one_in(player, 12) ? text(player) : key;
}

/* Tags of all kinds, lists that contain lists, and now and then themselves. */
static inline size_t tags(player *player, ddtrace_tag *made, size_t room)
{
    size_t count = below(player, room + 1);
    for (size_t i = 0; i < count; i++) {
        memset(&made[i], 0, sizeof made[i]);
        made[i].key = text(player);
        made[i].kind = (int32_t)below(player, 10) - 1;
        made[i].reserved = (uint32_t)below(player, 2);
        switch (made[i].kind) {
        case DDTRACE_TAG_STRING:
        case DDTRACE_TAG_BYTES:
            made[i].value.string = text(player);
            break;
        case DDTRACE_TAG_F64: {
            uint64_t bits = next_random(player);
            memcpy(&made[i].value.f64, &bits, sizeof bits);
            break;
        }
        case DDTRACE_TAG_ARRAY:
        case DDTRACE_TAG_MAP:
            /* Of the tags in front, or, now and then, of all, itself among them. */
            made[i].value.list.ptr = one_in(player, 10) ? NULL : made;
            made[i].value.list.len = one_in(player, 100) ? count : below(player, i + 1);
            break;
        default:
            made[i].value.i64 = (int64_t)next_random(player);
        }
    }
    return count;
}

static inline size_t packed_tags(player *player, uint8_t *made, size_t room)
{
    size_t used = 0, records = below(player, 6);
    while (records-- > 0 && used + 32 < room) {
        uint8_t lengths[8] = { (uint8_t)below(player, 8), 0, 0, 0, (uint8_t)below(player, 10), 0, 0, 0 };
        if (one_in(player, 20))
            lengths[below(player, 8)] = 255;
        made[used++] = (uint8_t)below(player, 10);
        memcpy(made + used, lengths, sizeof lengths);
        used += sizeof lengths;
        for (size_t i = 0; i < (size_t)lengths[0] + lengths[4] && used < room; i++)
            made[used++] = (uint8_t)next_random(player);
    }
    return used;
}

/* Mostly 0: now. */
static inline int64_t time_ns(player *player)
{
    static const int64_t times[] = { 1, -1, INT64_MAX, INT64_MIN, 1700000000000000000 };
    return one_in(player, 4) ? times[below(player, 5)] : 0;
}

/* A size for a struct of `known` bytes: its own, or one that an older or a newer program might give, or none. */
static inline size_t struct_size(player *player, size_t known)
{
    static const size_t wild[] = { 0, 1, 8, 9, 40, 4096, 4097, SIZE_MAX };
    switch (below(player, 12)) {
    case 0:
        return wild[below(player, 8)];
    case 1:
        return known + below(player, 100);
    default:
        return known;
    }
}

#endif
