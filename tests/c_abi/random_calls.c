/* Calls of all functions in random order, with handles that are good, stale, of another kind or NULL, and with arguments of any size, on
 * several threads at a time. What is answered does not matter here: nothing may crash, hang or leak.
 *
 * RANDOM_ROUNDS and RANDOM_SEED in the environment make longer runs and others.
 *
 * modes: plain valgrind asan */
#include "random_spans.h"

/* What the host has to send, until a player does. */
static ddtrace_exchange *exchanges[16];

static void begin_exchange(void *user_data, ddtrace_exchange *exchange)
{
    static size_t turn;
    size_t place = __atomic_fetch_add(&turn, 1, __ATOMIC_RELAXED) % 16;
    ddtrace_exchange *before = __atomic_exchange_n(&exchanges[place], exchange, __ATOMIC_ACQ_REL);
    (void)user_data;
    if (before != NULL)
        ddtrace_exchange_fail(before, TEXT("too busy"));
}

static void see_header(void *user_data, ddtrace_str name, ddtrace_str value)
{
    ddtrace_exchange_respond_header(user_data, AS_TEXT(name), AS_TEXT(value));
}

static void play_exchanges(player *player)
{
    static const char *const answers[] = {
        "{\"rate_by_service\":{\"service:,env:\":0.5}}",
        "{\"version\":\"7.65.0\",\"endpoints\":[\"/v0.4/traces\",\"/v0.6/stats\"],\"client_drop_p0s\":true,\"span_events\":true,"
        "\"filter_tags\":{\"reject\":[\"a\"]},\"ignore_resources\":[\"x+\"]}",
    };
    const char *answer = answers[below(player, 2)];
    ddtrace_str key = text(player), value = text(player);
    ddtrace_tracer_tick(TRACER(player), NULL);
    keep(player, DDTRACE_HANDLE_EXCHANGE, __atomic_exchange_n(&exchanges[below(player, 16)], NULL, __ATOMIC_ACQ_REL));
    ddtrace_exchange *exchange = EXCHANGE(player);
    ddtrace_exchange_respond_header(exchange, AS_TEXT(key), AS_TEXT(value));
    if (one_in(player, 2)) {
        /* Only of its own are the texts there for longer than the call. */
        exchange = player->owned[DDTRACE_HANDLE_EXCHANGE][below(player, OWNED)];
        ddtrace_str body = ddtrace_exchange_body(exchange), path = ddtrace_exchange_path(exchange);
        for (size_t i = 0; i < body.len; i += 100)
            CHECK(body.ptr[i] == body.ptr[i]);
        CHECK(path.ptr == NULL || path.ptr[0] == '/');
        CHECK(ddtrace_exchange_method(exchange).len <= 4);
        ddtrace_exchange_each_header(exchange, see_header, exchange);
    }
    void *ended = take(player, DDTRACE_HANDLE_EXCHANGE);
    int32_t http_status = one_in(player, 2) ? 200 : (int32_t)below(player, 600);
    ddtrace_status status = one_in(player, 3)
        ? ddtrace_exchange_fail(ended, AS_TEXT(key))
        : ddtrace_exchange_complete(ended, http_status, (const uint8_t *)answer, one_in(player, 3) ? below(player, strlen(answer)) : strlen(answer));
    /* It does not end with a wrong status, nor with a wrong text. */
    if (status == DDTRACE_ERR_INVALID || status == DDTRACE_ERR_NULL)
        ddtrace_exchange_fail(ended, NULL, 0);
}

static const char *environment(void *user_data, const char *name)
{
    (void)user_data;
    return strcmp(name, "DD_ENV") == 0 ? "from-the-host" : NULL;
}

static void see_setting(void *user_data, ddtrace_str name, ddtrace_str value, ddtrace_str origin)
{
    (void)user_data;
    CHECK(name.ptr != NULL && origin.ptr != NULL && (value.ptr != NULL || value.len == 0));
}

static void play_configs(player *player)
{
    ddtrace_str value, key = setting(player, &value);
    ddtrace_config *made = NULL, *config = CONFIG(player);
    ddtrace_error *error = NULL;
    char buf[32];
    switch (below(player, 10)) {
    case 0:
        if (ddtrace_config_new(&made) == DDTRACE_OK) {
            CHECK_OK(ddtrace_config_set(made, TEXT("LIBDDTRACE_SHUTDOWN_TIMEOUT_MS"), TEXT("200"), NULL));
            CHECK_OK(ddtrace_config_set(made, TEXT("LIBDDTRACE_EXPORTER"), TEXT("null"), NULL));
        }
        keep(player, DDTRACE_HANDLE_CONFIG, made);
        break;
    case 1:
        ddtrace_config_unset(config, AS_TEXT(key));
        break;
    case 2:
        ddtrace_config_get(config, AS_TEXT(key), buf, below(player, sizeof buf));
        ddtrace_config_origin(config, AS_TEXT(key));
        break;
    case 3:
        ddtrace_config_each(config, one_in(player, 10) ? NULL : see_setting, NULL);
        break;
    case 4:
        ddtrace_config_set_env_lookup(config, one_in(player, 5) ? NULL : environment, malloc(1), free);
        break;
    case 5:
        ddtrace_config_set_exporter(config, EXPORTER(player));
        break;
    case 6:
        ddtrace_config_set_transport(config, one_in(player, 5) ? NULL : begin_exchange, malloc(1), free);
        break;
    case 7:
        ddtrace_config_free(take(player, DDTRACE_HANDLE_CONFIG));
        break;
    default:
        ddtrace_config_set(config, AS_TEXT(key), AS_TEXT(value), one_in(player, 2) ? NULL : &error);
        CHECK((ddtrace_error_message(error).ptr == NULL) == (error == NULL));
        keep(player, DDTRACE_HANDLE_ERROR, error);
    }
}

/* Makes a tracer that writes to memory, or one that hands its requests to `begin_exchange`. */
static void make_tracer(player *player)
{
    ddtrace_config *config = NULL;
    ddtrace_exporter *exporter = NULL;
    ddtrace_tracer *tracer = NULL;
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_TRACE_BAGGAGE_TAG_KEYS"), TEXT("*"), NULL));
    if (one_in(player, 2)) {
        CHECK_OK(ddtrace_exporter_memory_new(100, &exporter));
        CHECK_OK(ddtrace_config_set_exporter(config, exporter));
    } else {
        CHECK_OK(ddtrace_config_set(config, TEXT("LIBDDTRACE_EXPORTER"), TEXT("agent"), NULL));
        CHECK_OK(ddtrace_config_set(config, TEXT("LIBDDTRACE_HOST_DRIVEN"), TEXT("true"), NULL));
        CHECK_OK(ddtrace_config_set_transport(config, begin_exchange, malloc(1), free));
    }
    CHECK_OK(ddtrace_tracer_new(config, &tracer, NULL));
    ddtrace_config_free(config);
    keep(player, DDTRACE_HANDLE_EXPORTER, exporter);
    keep(player, DDTRACE_HANDLE_TRACER, tracer);
}

static void play_tracers(player *player)
{
    ddtrace_str name = text(player), value, key = setting(player, &value);
    ddtrace_tracer *made = NULL, *tracer = TRACER(player);
    ddtrace_exporter *exporter = NULL;
    ddtrace_error *error = NULL;
    union {
        ddtrace_counters counters;
        char room[8192];
    } *told = calloc(1, sizeof *told);
    uint32_t next = 0;
    char buf[32];
    CHECK(told != NULL);
    switch (below(player, 14)) {
    case 0:
        ddtrace_tracer_new(CONFIG(player), &made, one_in(player, 2) ? NULL : &error);
        break;
    case 1:
    case 2:
        make_tracer(player);
        break;
    case 3:
        if (one_in(player, 2))
            ddtrace_tracer_default(&made, &error);
        else
            ddtrace_tracer_get(AS_TEXT(name), &made, &error);
        break;
    case 4:
        made = ddtrace_tracer_ref(tracer);
        break;
    case 5:
        ddtrace_tracer_free(take(player, DDTRACE_HANDLE_TRACER));
        break;
    case 6:
        ddtrace_tracer_flush(tracer, (uint32_t)below(player, 20));
        ddtrace_tracer_refresh_agent_info(tracer, (uint32_t)below(player, 5));
        ddtrace_tracer_get_agent_info(tracer, buf, below(player, sizeof buf));
        break;
    case 7:
        if (one_in(player, 20))
            ddtrace_tracer_shutdown(tracer, (uint32_t)below(player, 20));
        break;
    case 8:
    case 9:
        ddtrace_tracer_tick(tracer, one_in(player, 2) ? NULL : &next);
        break;
    case 10:
        ddtrace_tracer_config_get(tracer, AS_TEXT(key), buf, sizeof buf);
        break;
    case 11:
        ddtrace_tracer_get_exporter(tracer, &exporter);
        break;
    default:
        told->counters.struct_size = struct_size(player, sizeof told->counters);
        ddtrace_tracer_counters(tracer, &told->counters);
    }
    free(told);
    keep(player, DDTRACE_HANDLE_TRACER, made);
    keep(player, DDTRACE_HANDLE_EXPORTER, exporter);
    keep(player, DDTRACE_HANDLE_ERROR, error);
}

static void play_exporters(player *player)
{
    ddtrace_str path;
    ddtrace_exporter *made = NULL, *exporter = EXPORTER(player);
    ddtrace_error *error = NULL;
    char buf[64];
    switch (below(player, 8)) {
    case 0:
        ddtrace_exporter_memory_new(below(player, 20), &made);
        break;
    case 1:
        ddtrace_exporter_null_new(&made);
        break;
    case 2:
        path.ptr = one_in(player, 2) ? scratch_file : one_in(player, 2) ? "/" : "/dev/null";
        path.len = DDTRACE_NTS;
        ddtrace_exporter_file_new(AS_TEXT(path), one_in(player, 9) ? NULL : &made, &error);
        break;
    case 3:
        ddtrace_exporter_console_new((int32_t)below(player, 5) - 1, one_in(player, 2) ? -1 : 1000, &made);
        break;
    case 4:
        made = ddtrace_exporter_ref(exporter);
        break;
    case 5:
        ddtrace_exporter_memory_json(exporter, below(player, 2), below(player, 2), buf, below(player, sizeof buf));
        break;
    case 6:
        ddtrace_exporter_memory_count(exporter);
        ddtrace_exporter_memory_clear(exporter);
        break;
    default:
        ddtrace_exporter_free(take(player, DDTRACE_HANDLE_EXPORTER));
    }
    keep(player, DDTRACE_HANDLE_EXPORTER, made);
    keep(player, DDTRACE_HANDLE_ERROR, error);
}

static void take_message(void *user_data, int32_t level, const char *message, size_t len)
{
    CHECK(user_data != NULL && level >= DDTRACE_LOG_ERROR && level <= DDTRACE_LOG_TRACE && message != NULL && len > 0);
    ddtrace_has_feature(message, len);
}

static void take_field(void *user_data, ddtrace_str name, ddtrace_str value)
{
    ddtrace_span_set_tag(SPAN(user_data), AS_TEXT(name), AS_TEXT(value));
}

static void play_rest(player *player)
{
    ddtrace_str name = text(player);
    uint64_t high, low;
    char buf[200];
    size_t needed;
    const ddtrace_error *error = handle(player, DDTRACE_HANDLE_ERROR);
    switch (below(player, 9)) {
    case 0:
        CHECK(ddtrace_runtime_id(buf, below(player, sizeof buf)) == 36);
        break;
    case 1:
        ddtrace_live_handles((int32_t)below(player, 12) - 1);
        break;
    case 2:
        CHECK(ddtrace_id_generate64() != 0);
        ddtrace_id_generate128(one_in(player, 2) ? NULL : &high, one_in(player, 2) ? NULL : &low);
        break;
    case 3:
        ddtrace_has_feature(AS_TEXT(name));
        CHECK(ddtrace_status_text((int32_t)next_random(player)) != NULL);
        break;
    case 4:
        CHECK_OK(ddtrace_set_log_callback(one_in(player, 20) ? NULL : take_message, malloc(1), free));
        break;
    case 5:
        ddtrace_error_code(error);
        error = player->owned[DDTRACE_HANDLE_ERROR][below(player, OWNED)];
        CHECK(error == NULL || ddtrace_error_message(error).len > 0);
        break;
    case 6:
        ddtrace_error_free(take(player, DDTRACE_HANDLE_ERROR));
        break;
    case 7:
        ddtrace_log_correlation(TRACER(player), SPAN(player), one_in(player, 2) ? NULL : CONTEXT(player), take_field, player);
        break;
    default:
        ddtrace_log_correlation_buffer(TRACER(player), NULL, CONTEXT(player), buf, below(player, sizeof buf), &needed);
    }
}

static void give_all_back(player *player)
{
    /* Exchanges last: tracers that end begin some. */
    for (int kind = 1; kind < KINDS; kind++) {
        for (int i = 0; i < OWNED; i++) {
            if (player->owned[kind][i] != NULL)
                give_back(kind, player->owned[kind][i]);
        }
    }
    memset(player->owned, 0, sizeof player->owned);
}

/* How often each player calls something. */
static long rounds;

static void *play(void *argument)
{
    /* The more it stands here, the more it is played. */
    static void (*const games[])(player *) = {
        play_spans,    play_spans,    play_spans,       play_tags,      play_tags,      play_tags,    read_spans,   play_contexts,
        play_contexts, play_contexts, play_propagators, play_providers, play_exchanges, play_configs, play_tracers, play_exporters,
        play_rest,
    };
    player *player = argument;
    make_tracer(player);
    for (long i = 0; i < rounds; i++)
        games[below(player, sizeof games / sizeof *games)](player);
    give_all_back(player);
    return NULL;
}

static void fail_exchanges(void)
{
    for (int i = 0; i < 16; i++)
        ddtrace_exchange_fail(__atomic_exchange_n(&exchanges[i], NULL, __ATOMIC_ACQ_REL), NULL, 0);
}

static void random_calls(uint64_t seed)
{
    player *players = calloc(THREADS, sizeof *players);
    pthread_t threads[THREADS];
    CHECK(players != NULL);
    memset(seen, 0, sizeof seen);
    for (int i = 0; i < THREADS; i++) {
        players[i].random = seed * THREADS + (uint64_t)i + 0x9e3779b97f4a7c15;
        CHECK_INT(pthread_create(&threads[i], NULL, play, &players[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        CHECK_INT(pthread_join(threads[i], NULL), 0);
    fail_exchanges();
    CHECK_OK(ddtrace_set_log_callback(NULL, NULL, NULL));
    free(players);
    printf("seed %" PRIu64 " ok\n", seed);
    fflush(stdout);
    check_no_live_handles();
}

int main(void)
{
    const char *given = getenv("RANDOM_ROUNDS"), *seed = getenv("RANDOM_SEED"), *directory = getenv("TEST_SCRATCH");
    bool slow = strcmp(getenv("TEST_SLOW"), "1") == 0;
    rounds = given != NULL ? atol(given) : slow ? 300 : 2500;
    snprintf(scratch_file, sizeof scratch_file, "%s/random.jsonl", directory);
    long_text = malloc(LONG_TEXT + 1);
    CHECK(long_text != NULL);
    for (size_t i = 0; i < LONG_TEXT; i++)
        long_text[i] = (char)(i % 251 + 1);
    long_text[LONG_TEXT] = '\0';
    /* For tracers of the environment: nothing to send. Messages are for the callback that comes and goes, not for stderr alone. */
    setenv("LIBDDTRACE_EXPORTER", "null", 1);
    for (uint64_t i = 1; i <= 3; i++)
        random_calls(seed != NULL ? strtoull(seed, NULL, 10) + i : i);
    free(long_text);
    for (int kind = 1; kind < KINDS; kind++)
        CHECK(made_of[kind] > 0);
    return 0;
}
