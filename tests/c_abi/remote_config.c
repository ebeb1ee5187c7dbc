/* Remote configuration through the C API: subscriptions, results, settings of a tracer that runs; without network, but for a host's. */
#include "recorder.h"

struct seen {
    char log[4096];
    int calls, batches, ticks, freed;
    int32_t answer;
    const char *reason;
    ddtrace_tracer *tracer;
};

static void note(struct seen *seen, const char *text, size_t len)
{
    size_t used = strlen(seen->log);
    CHECK(used + len + 2 < sizeof seen->log);
    memcpy(seen->log + used, text, len);
    memcpy(seen->log + used + len, " ", 2);
}

static void on_changes(void *user_data, const ddtrace_rc_change *changes, size_t count, ddtrace_rc_result *results)
{
    struct seen *seen = user_data;
    seen->calls++;
    for (size_t i = 0; i < count; i++) {
        static const char *const names[] = { "add", "update", "remove" };
        CHECK(changes[i].operation >= 0 && changes[i].operation <= 2);
        CHECK_INT(results[i].state, DDTRACE_RC_ACKNOWLEDGED);
        note(seen, names[changes[i].operation], strlen(names[changes[i].operation]));
        note(seen, changes[i].config_id.ptr, changes[i].config_id.len);
        note(seen, (const char *)changes[i].content, changes[i].content_len);
        results[i].state = seen->answer;
        if (seen->reason != NULL)
            strncpy(results[i].error, seen->reason, sizeof results[i].error - 1);
    }
    /* What a callback must not do. */
    CHECK_STATUS(ddtrace_rc_poll(seen->tracer, 1000), DDTRACE_ERR_STATE);
    CHECK_STATUS(ddtrace_rc_process_response(seen->tracer, 200, NULL, 0, NULL), DDTRACE_ERR_STATE);
}

static void on_batch_end(void *user_data)
{
    ((struct seen *)user_data)->batches++;
}

static void on_tick(void *user_data)
{
    ((struct seen *)user_data)->ticks++;
}

static void free_seen(void *user_data)
{
    ((struct seen *)user_data)->freed++;
}

static const char *const ON[] = { "DD_REMOTE_CONFIGURATION_ENABLED", "true", "DD_ENV", "test", "DD_TRACE_LOG_LEVEL", "off",
                                  "LIBDDTRACE_HOST_DRIVEN", "true", NULL };

static uint64_t subscribe(struct seen *seen, const char *product)
{
    ddtrace_rc_callbacks callbacks = DDTRACE_RC_CALLBACKS_INIT;
    uint64_t id = 0;
    const uint8_t capabilities[] = { 1, 2 };
    callbacks.on_changes = on_changes;
    callbacks.on_batch_end = on_batch_end;
    callbacks.on_tick = on_tick;
    CHECK_OK(ddtrace_rc_subscribe(seen->tracer, product, DDTRACE_NTS, capabilities, 2, &callbacks, seen, free_seen, &id, NULL));
    return id;
}

static char *next_request(ddtrace_tracer *tracer)
{
    size_t length = ddtrace_rc_next_request(tracer, NULL, 0);
    CHECK(length != DDTRACE_ABSENT);
    char *text = malloc(length + 1);
    CHECK(text != NULL);
    CHECK_INT(ddtrace_rc_next_request(tracer, text, length + 1), length);
    return text;
}

static void check_request(ddtrace_tracer *tracer, const char *part)
{
    char *text = next_request(tracer);
    CHECK_CONTAINS(text, part);
    free(text);
}

static void respond(ddtrace_tracer *tracer, const char *body)
{
    CHECK_OK(ddtrace_rc_process_response(tracer, 200, (const uint8_t *)body, strlen(body), NULL));
}

static void encode(const char *text, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i += 3) {
        uint32_t bits = (uint32_t)(unsigned char)text[i] << 16;
        if (i + 1 < length)
            bits |= (uint32_t)(unsigned char)text[i + 1] << 8;
        if (i + 2 < length)
            bits |= (uint32_t)(unsigned char)text[i + 2];
        *out++ = digits[bits >> 18 & 63];
        *out++ = digits[bits >> 12 & 63];
        *out++ = i + 1 < length ? digits[bits >> 6 & 63] : '=';
        *out++ = i + 2 < length ? digits[bits & 63] : '=';
    }
    *out = 0;
}

/* A response with one file; its hash is given, because C has none. NULL: no file. */
static void make_response(char *out, size_t size, const char *path, const char *content, const char *sha256)
{
    char targets[1024], encoded_targets[2048], encoded[1024] = "";
    if (path == NULL) {
        encode("{\"signed\":{\"version\":7,\"custom\":{},\"targets\":{}}}", encoded_targets);
        snprintf(out, size, "{\"targets\":\"%s\"}", encoded_targets);
        return;
    }
    snprintf(targets, sizeof targets,
             "{\"signed\":{\"version\":7,\"custom\":{\"opaque_backend_state\":\"st\"},\"targets\":{\"%s\":{\"custom\":{\"v\":3},"
             "\"hashes\":{\"sha256\":\"%s\"},\"length\":%zu}}}}",
             path, sha256, strlen(content));
    encode(targets, encoded_targets);
    encode(content, encoded);
    snprintf(out, size, "{\"targets\":\"%s\",\"target_files\":[{\"path\":\"%s\",\"raw\":\"%s\"}],\"client_configs\":[\"%s\"]}",
             encoded_targets, path, encoded, path);
}

#define PATH "datadog/2/MINE/id-1/config"
#define HASH_OF_HELLO "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

static void files_are_told_and_results_told_on(void)
{
    recorder recorder = recorder_open(ON);
    struct seen seen = { .tracer = recorder.tracer, .answer = DDTRACE_RC_UNACKNOWLEDGED };
    char response[4096], none[4096];
    uint64_t id = subscribe(&seen, "MINE");
    CHECK(id != 0);
    check_request(recorder.tracer, "\"MINE\"");
    check_request(recorder.tracer, "\"products\":[\"APM_TRACING\",\"AGENT_CONFIG\",\"AGENT_TASK\",\"MINE\"]");
    make_response(response, sizeof response, PATH, "hello", HASH_OF_HELLO);
    make_response(none, sizeof none, NULL, NULL, NULL);
    respond(recorder.tracer, response);
    CHECK_TEXT(seen.log, "add id-1 hello ");
    CHECK_INT(seen.batches, 1);
    check_request(recorder.tracer, "{\"id\":\"id-1\",\"version\":3,\"product\":\"MINE\",\"apply_state\":1}");
    CHECK_OK(ddtrace_rc_acknowledge(recorder.tracer, TEXT(PATH), DDTRACE_RC_ERROR, TEXT("went wrong")));
    check_request(recorder.tracer, "\"apply_state\":3,\"apply_error\":\"went wrong\"");
    CHECK_STATUS(ddtrace_rc_acknowledge(recorder.tracer, TEXT("datadog/2/MINE/x/y"), 2, NULL, 0), DDTRACE_ERR_NOT_FOUND);
    CHECK_STATUS(ddtrace_rc_acknowledge(recorder.tracer, TEXT(PATH), 4, NULL, 0), DDTRACE_ERR_INVALID);
    respond(recorder.tracer, response);
    CHECK_INT(seen.calls, 1);
    respond(recorder.tracer, none);
    CHECK_TEXT(seen.log, "add id-1 hello remove id-1  ");
    seen.answer = DDTRACE_RC_ERROR;
    seen.reason = "no use";
    respond(recorder.tracer, response);
    check_request(recorder.tracer, "\"apply_state\":3,\"apply_error\":\"no use\"");
    respond(recorder.tracer, none);
    seen.answer = 77;
    respond(recorder.tracer, response);
    check_request(recorder.tracer, "unknown state 77");
    CHECK_OK(ddtrace_rc_unsubscribe(recorder.tracer, id));
    CHECK_INT(seen.freed, 1);
    CHECK_STATUS(ddtrace_rc_unsubscribe(recorder.tracer, id), DDTRACE_ERR_NOT_FOUND);
    check_request(recorder.tracer, "\"config_states\":[]");
    recorder_close(recorder);
}

struct leaver {
    ddtrace_tracer *tracer;
    uint64_t id;
    int calls, freed, freed_inside;
};

static void leave(void *user_data, const ddtrace_rc_change *changes, size_t count, ddtrace_rc_result *results)
{
    struct leaver *leaver = user_data;
    (void)changes;
    (void)count;
    (void)results;
    leaver->calls++;
    CHECK_OK(ddtrace_rc_unsubscribe(leaver->tracer, leaver->id));
    leaver->freed_inside = leaver->freed;
}

static void free_leaver(void *user_data)
{
    ((struct leaver *)user_data)->freed++;
}

static void a_callback_may_end_its_own_subscription(void)
{
    recorder recorder = recorder_open(ON);
    struct leaver leaver = { recorder.tracer, 0, 0, 0, 0 };
    ddtrace_rc_callbacks callbacks = DDTRACE_RC_CALLBACKS_INIT;
    char response[4096];
    callbacks.on_changes = leave;
    CHECK_OK(ddtrace_rc_subscribe(recorder.tracer, TEXT("MINE"), NULL, 0, &callbacks, &leaver, free_leaver, &leaver.id, NULL));
    make_response(response, sizeof response, PATH, "hello", HASH_OF_HELLO);
    respond(recorder.tracer, response);
    CHECK_INT(leaver.freed_inside, 0);
    CHECK_INT(leaver.freed, 1);
    respond(recorder.tracer, response);
    CHECK_INT(leaver.calls, 1);
    recorder_close(recorder);
}

static void bad_responses_are_refused_as_a_whole(void)
{
    recorder recorder = recorder_open(ON);
    struct seen seen = { .tracer = recorder.tracer, .answer = DDTRACE_RC_ACKNOWLEDGED };
    ddtrace_error *error = NULL;
    char response[4096];
    subscribe(&seen, "MINE");
    make_response(response, sizeof response, PATH, "hullo", HASH_OF_HELLO);
    CHECK_STATUS(ddtrace_rc_process_response(recorder.tracer, 200, (const uint8_t *)response, strlen(response), &error), DDTRACE_ERR_INVALID);
    CHECK_CONTAINS(ddtrace_error_message(error).ptr, PATH);
    ddtrace_error_free(error);
    check_request(recorder.tracer, "\"has_error\":true");
    CHECK_STATUS(ddtrace_rc_process_response(recorder.tracer, 200, (const uint8_t *)"\xff\xfe{}", 4, NULL), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_rc_process_response(recorder.tracer, 200, NULL, 5, NULL), DDTRACE_ERR_NULL);
    CHECK_OK(ddtrace_rc_process_response(recorder.tracer, 500, (const uint8_t *)"x", 1, NULL));
    CHECK_OK(ddtrace_rc_process_response(recorder.tracer, -1, (const uint8_t *)"x", 1, NULL));
    check_request(recorder.tracer, "\"has_error\":true");
    respond(recorder.tracer, "{}");
    check_request(recorder.tracer, "\"has_error\":false");
    CHECK_INT(seen.calls, 0);
    recorder_close(recorder);
    CHECK_INT(seen.freed, 1);
}

static void arguments_are_checked(void)
{
    recorder recorder = recorder_open(ON);
    ddtrace_rc_callbacks callbacks = DDTRACE_RC_CALLBACKS_INIT;
    struct seen seen = { .tracer = recorder.tracer };
    const uint8_t wrong[] = { 12, 64 }, zero[] = { 0 };
    ddtrace_error *error = NULL;
    CHECK_STATUS(ddtrace_rc_subscribe(recorder.tracer, TEXT("A"), NULL, 0, &callbacks, &seen, free_seen, NULL, NULL), DDTRACE_ERR_NULL);
    callbacks.on_changes = on_changes;
    CHECK_STATUS(ddtrace_rc_subscribe(recorder.tracer, TEXT(""), NULL, 0, &callbacks, &seen, free_seen, NULL, NULL), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_rc_subscribe(recorder.tracer, TEXT("A/B"), NULL, 0, &callbacks, &seen, free_seen, NULL, &error), DDTRACE_ERR_INVALID);
    CHECK_CONTAINS(ddtrace_error_message(error).ptr, "A/B");
    ddtrace_error_free(error);
    CHECK_STATUS(ddtrace_rc_subscribe(recorder.tracer, TEXT("A"), wrong, 2, &callbacks, &seen, free_seen, NULL, NULL), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_rc_subscribe(recorder.tracer, TEXT("A"), NULL, 2, &callbacks, &seen, free_seen, NULL, NULL), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_rc_subscribe(recorder.tracer, TEXT("A"), NULL, 0, NULL, &seen, free_seen, NULL, NULL), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_rc_subscribe(NULL, TEXT("A"), NULL, 0, &callbacks, &seen, free_seen, NULL, NULL), DDTRACE_ERR_NULL);
    CHECK_INT(seen.freed, 7);
    CHECK_STATUS(ddtrace_rc_set_capabilities(recorder.tracer, zero, 1, 1), DDTRACE_ERR_INVALID);
    check_request(recorder.tracer, "\"capabilities\":\"IAjwAA==\"");
    const uint8_t some[] = { 13, 14 };
    CHECK_OK(ddtrace_rc_set_capabilities(recorder.tracer, some, 2, 0));
    check_request(recorder.tracer, "\"capabilities\":\"IAiQAA==\"");
    char id[64] = "";
    CHECK_INT(ddtrace_rc_client_id(recorder.tracer, id, sizeof id), 36);
    check_request(recorder.tracer, id);
    CHECK_STATUS(ddtrace_flare_add_file(recorder.tracer, TEXT("../x"), NULL, 0, &error), DDTRACE_ERR_INVALID);
    CHECK_CONTAINS(ddtrace_error_message(error).ptr, "../x");
    ddtrace_error_free(error);
    CHECK_OK(ddtrace_flare_add_file(recorder.tracer, TEXT("binding.log"), (const uint8_t *)"text", 4, NULL));
    CHECK_STATUS(ddtrace_flare_add_file(recorder.tracer, TEXT("y"), NULL, 4, NULL), DDTRACE_ERR_NULL);
    CHECK_OK(ddtrace_tracer_shutdown(recorder.tracer, 1000));
    CHECK_STATUS(ddtrace_rc_subscribe(recorder.tracer, TEXT("A"), NULL, 0, &callbacks, &seen, free_seen, NULL, NULL), DDTRACE_ERR_SHUTDOWN);
    CHECK_INT(seen.freed, 8);
    CHECK_STATUS(ddtrace_rc_poll(recorder.tracer, 0), DDTRACE_ERR_SHUTDOWN);
    recorder_close(recorder);
}

static void off_means_that_nothing_is_called(void)
{
    static const char *const off[] = { "DD_REMOTE_CONFIGURATION_ENABLED", "false", NULL };
    recorder recorder = recorder_open(off);
    struct seen seen = { .tracer = recorder.tracer };
    CHECK_INT(subscribe(&seen, "MINE"), 0);
    CHECK_INT(seen.freed, 1);
    respond(recorder.tracer, "garbage");
    CHECK_OK(ddtrace_rc_poll(recorder.tracer, 0));
    CHECK_OK(ddtrace_rc_unsubscribe(recorder.tracer, 0));
    CHECK(ddtrace_rc_client_id(recorder.tracer, NULL, 0) == DDTRACE_ABSENT);
    CHECK(ddtrace_rc_next_request(recorder.tracer, NULL, 0) == DDTRACE_ABSENT);
    CHECK_OK(ddtrace_flare_add_file(recorder.tracer, TEXT("x"), NULL, 0, NULL));
    recorder_close(recorder);
}

struct changes {
    char log[4096];
    int freed;
};

static void on_config_change(void *user_data, const ddtrace_config_change *change)
{
    struct changes *changes = user_data;
    size_t used = strlen(changes->log);
    const ddtrace_str *id = &change->config_id;
    snprintf(changes->log + used, sizeof changes->log - used, "%.*s %.*s>%.*s %.*s %.*s\n", (int)change->name.len, change->name.ptr,
             (int)(change->former.ptr ? change->former.len : 1), change->former.ptr ? change->former.ptr : "-",
             (int)(change->value.ptr ? change->value.len : 1), change->value.ptr ? change->value.ptr : "-", (int)change->origin.len,
             change->origin.ptr, (int)(id->ptr ? id->len : 1), id->ptr ? id->ptr : "-");
}

static void free_changes(void *user_data)
{
    ((struct changes *)user_data)->freed++;
}

#define APM "datadog/2/APM_TRACING/apm-1/config"
#define SETTINGS "{\"service_target\":{\"service\":\"C-ABI\",\"env\":\"test\"},\"lib_config\":{\"tracing_enabled\":false,\"tracing_tags\":[\"a:b\"]}}"
#define HASH_OF_SETTINGS "f901fa0bf389052b0fc3b6bb314680cc5e45a5069ac3f8397b2ecc3649319c59"

static void check_setting(const ddtrace_tracer *tracer, const char *name, const char *value, const char *origin)
{
    char text[64] = "";
    CHECK(ddtrace_tracer_config_get(tracer, name, DDTRACE_NTS, text, sizeof text) < sizeof text || value == NULL);
    CHECK_TEXT(text, value == NULL ? "" : value);
    CHECK_TEXT(ddtrace_tracer_config_origin(tracer, name, DDTRACE_NTS), origin);
}

static void settings_change_on_a_live_tracer_and_back(void)
{
    recorder recorder = recorder_open(ON);
    struct changes changes = { "", 0 };
    char response[4096], none[4096];
    uint64_t id = 0;
    make_response(response, sizeof response, APM, SETTINGS, HASH_OF_SETTINGS);
    make_response(none, sizeof none, NULL, NULL, NULL);
    CHECK_OK(ddtrace_tracer_on_config_change(recorder.tracer, on_config_change, &changes, free_changes, &id));
    check_setting(recorder.tracer, "DD_TRACE_ENABLED", "true", "default");
    CHECK(ddtrace_tracer_config_origin(recorder.tracer, "DD_NONE", DDTRACE_NTS) == NULL);
    respond(recorder.tracer, response);
    check_request(recorder.tracer, "\"apply_state\":2");
    check_setting(recorder.tracer, "DD_TRACE_ENABLED", "false", "remote_config");
    check_setting(recorder.tracer, "DD_TAGS", "a:b", "remote_config");
    CHECK_TEXT(changes.log, "DD_TRACE_ENABLED true>false remote_config apm-1\nDD_TAGS ->a:b remote_config apm-1\n");
    CHECK_OK(ddtrace_span_end(root_span(recorder.tracer, "off"), NULL));
    CHECK_INT(recorder_count(recorder), 0);
    changes.log[0] = 0;
    respond(recorder.tracer, none);
    check_setting(recorder.tracer, "DD_TRACE_ENABLED", "true", "default");
    check_setting(recorder.tracer, "DD_TAGS", NULL, "default");
    CHECK_TEXT(changes.log, "DD_TRACE_ENABLED false>true default -\nDD_TAGS a:b>- default -\n");
    CHECK_OK(ddtrace_span_end(root_span(recorder.tracer, "on"), NULL));
    CHECK_INT(recorder_count(recorder), 1);
    CHECK_OK(ddtrace_tracer_remove_config_change(recorder.tracer, id));
    CHECK_INT(changes.freed, 1);
    CHECK_STATUS(ddtrace_tracer_remove_config_change(recorder.tracer, id), DDTRACE_ERR_NOT_FOUND);
    CHECK_STATUS(ddtrace_tracer_on_config_change(recorder.tracer, NULL, &changes, free_changes, NULL), DDTRACE_ERR_NULL);
    CHECK_INT(changes.freed, 2);
    CHECK_OK(ddtrace_tracer_on_config_change(recorder.tracer, on_config_change, &changes, free_changes, NULL));
    recorder_close(recorder);
    CHECK_INT(changes.freed, 3);
}

struct host {
    int infos, polls;
    int32_t status;
    const char *body;
};

static void begin(void *user_data, ddtrace_exchange *exchange)
{
    static const char info[] = "{\"version\":\"7.65.0\",\"endpoints\":[\"/v0.7/config\"]}";
    struct host *host = user_data;
    ddtrace_str path = ddtrace_exchange_path(exchange);
    if (path.len == 5 && memcmp(path.ptr, "/info", 5) == 0) {
        host->infos++;
        CHECK_OK(ddtrace_exchange_complete(exchange, 200, (const uint8_t *)info, sizeof info - 1));
    } else if (path.len == 12 && memcmp(path.ptr, "/v0.7/config", 12) == 0) {
        host->polls++;
        CHECK(memcmp(ddtrace_exchange_method(exchange).ptr, "POST", 4) == 0);
        CHECK(ddtrace_exchange_body(exchange).len > 100 && ddtrace_exchange_body(exchange).ptr[0] == '{');
        if (host->status != 0)
            CHECK_OK(ddtrace_exchange_complete(exchange, host->status, (const uint8_t *)host->body, strlen(host->body)));
        else
            CHECK_OK(ddtrace_exchange_fail(exchange, TEXT("no route")));
    } else {
        CHECK_OK(ddtrace_exchange_complete(exchange, 200, NULL, 0));
    }
}

static void polled(const char *host_driven)
{
    struct host host = { 0, 0, 200, NULL };
    struct seen seen = { .answer = DDTRACE_RC_ACKNOWLEDGED };
    char response[4096];
    ddtrace_config *config = NULL;
    make_response(response, sizeof response, PATH, "hello", HASH_OF_HELLO);
    host.body = "{}";
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_set(config, TEXT("LIBDDTRACE_HOST_DRIVEN"), host_driven, DDTRACE_NTS, NULL));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_REMOTE_CONFIGURATION_ENABLED"), TEXT("true"), NULL));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_REMOTE_CONFIG_POLL_INTERVAL_SECONDS"), TEXT("3600"), NULL));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_TRACE_LOG_LEVEL"), TEXT("off"), NULL));
    CHECK_OK(ddtrace_config_set_transport(config, begin, &host, NULL));
    CHECK_OK(ddtrace_tracer_new(config, &seen.tracer, NULL));
    ddtrace_config_free(config);
    CHECK_OK(ddtrace_rc_poll(seen.tracer, 20000));
    CHECK(host.infos >= 1 && host.polls >= 1);
    subscribe(&seen, "MINE");
    host.body = response;
    CHECK_OK(ddtrace_rc_poll(seen.tracer, 20000));
    CHECK_TEXT(seen.log, "add id-1 hello ");
    CHECK(seen.ticks >= 1);
    host.status = 404;
    CHECK_OK(ddtrace_rc_poll(seen.tracer, 20000));
    CHECK_TEXT(seen.log, "add id-1 hello remove id-1  ");
    host.status = 0;
    CHECK_OK(ddtrace_rc_poll(seen.tracer, 20000));
    CHECK_OK(ddtrace_tracer_shutdown(seen.tracer, 20000));
    ddtrace_tracer_free(seen.tracer);
    CHECK_INT(seen.freed, 1);
}

static void polls_go_through_the_host(void)
{
    polled("true");
    polled("false");
}

int main(void)
{
    RUN(files_are_told_and_results_told_on);
    RUN(a_callback_may_end_its_own_subscription);
    RUN(bad_responses_are_refused_as_a_whole);
    RUN(arguments_are_checked);
    RUN(off_means_that_nothing_is_called);
    RUN(settings_change_on_a_live_tracer_and_back);
    RUN(polls_go_through_the_host);
    check_no_live_handles();
    return 0;
}
