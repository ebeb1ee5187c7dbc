/* A reader, as a profiler is one, finds the identity of the process and the active spans of its threads.
 *
 * modes: plain valgrind asan
 * leaks: the child ends without giving back what it inherited */
#include "recorder.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

extern __thread const unsigned char *otel_thread_ctx_v1;

static const char *const SHARED[] = { "LIBDDTRACE_SHARE_CONTEXT", "true", "DD_ENV", "staging", NULL };

/* The header of the process context, by the name of its mapping. */
static const unsigned char *find_mapping(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    unsigned long begin = 0;
    CHECK(maps != NULL);
    while (fgets(line, sizeof line, maps) != NULL) {
        if (strstr(line, "OTEL_CTX") != NULL && sscanf(line, "%lx-", &begin) == 1)
            break;
        begin = 0;
    }
    fclose(maps);
    return (const unsigned char *)begin;
}

static int contains(const unsigned char *bytes, size_t size, const char *part)
{
    size_t length = strlen(part);
    for (size_t at = 0; at + length <= size; at++) {
        if (memcmp(bytes + at, part, length) == 0)
            return 1;
    }
    return 0;
}

static uint64_t check_process(const char *service)
{
    const unsigned char *header = find_mapping(), *payload = NULL;
    uint32_t version, size;
    uint64_t published;
    char runtime_id[64];
    CHECK(header != NULL);
    CHECK(memcmp(header, "OTEL_CTX", 8) == 0);
    memcpy(&version, header + 8, 4);
    memcpy(&size, header + 12, 4);
    memcpy(&published, header + 16, 8);
    memcpy(&payload, header + 24, sizeof payload);
    CHECK_INT(version, 2);
    CHECK(published != 0 && size > 0 && payload != NULL);
    ddtrace_runtime_id(runtime_id, sizeof runtime_id);
    CHECK(contains(payload, size, service) && contains(payload, size, runtime_id) && contains(payload, size, "staging"));
    CHECK(contains(payload, size, "service.instance.id") && contains(payload, size, "tlsdesc_v1_dev"));
    CHECK(contains(payload, size, "datadog.local_root_span_id") && contains(payload, size, "entrypoint.type"));
    return published;
}

static void process_context_is_found_by_its_name(void)
{
    CHECK(find_mapping() == NULL);
    recorder first = recorder_open(SHARED);
    uint64_t published = check_process("c-abi");
    recorder second = recorder_open(SHARED);
    CHECK(check_process("c-abi") > published);
    recorder_close(second);

    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        if (find_mapping() != NULL)
            _exit(1);
        ddtrace_span_end(root_span(first.tracer, "op"), NULL);
        check_process("c-abi");
        _exit(0);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    recorder_close(first);
}

static uint64_t big_endian(const unsigned char *bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | bytes[i];
    return value;
}

static void check_active(const ddtrace_span *span, const ddtrace_span *root)
{
    const unsigned char *record = otel_thread_ctx_v1;
    ddtrace_span_ids ids = ids_of(span);
    char root_id[17];
    uint16_t size;
    CHECK(record != NULL);
    CHECK(big_endian(record) == ids.trace_id_high && big_endian(record + 8) == ids.trace_id_low);
    CHECK(big_endian(record + 16) == ids.span_id);
    CHECK_INT(record[24], 1);
    memcpy(&size, record + 26, 2);
    CHECK_INT(size, 18);
    CHECK(record[28] == 0 && record[29] == 16);
    snprintf(root_id, sizeof root_id, "%016" PRIx64, ids_of(root).span_id);
    CHECK(memcmp(record + 30, root_id, 16) == 0);
}

static void *see_nothing(void *unused)
{
    (void)unused;
    CHECK(otel_thread_ctx_v1 == NULL);
    return NULL;
}

static void thread_context_follows_the_active_span(void)
{
    recorder recorder = recorder_open(SHARED);
    ddtrace_provider *provider = NULL;
    ddtrace_span *root = root_span(recorder.tracer, "root"), *child = span_below(recorder.tracer, "child", root), *current = NULL;
    uint64_t outer = 0, inner = 0;
    pthread_t thread;
    CHECK_OK(ddtrace_provider_thread_local(&provider));
    CHECK(otel_thread_ctx_v1 == NULL);
    CHECK_OK(ddtrace_provider_activate_span(provider, root, &outer));
    check_active(root, root);
    CHECK_OK(ddtrace_provider_activate_span(provider, child, &inner));
    check_active(child, root);
    CHECK(pthread_create(&thread, NULL, see_nothing, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK_OK(ddtrace_provider_restore(provider, inner));
    check_active(root, root);
    CHECK_OK(ddtrace_provider_activate_span(provider, child, &inner));
    CHECK_OK(ddtrace_span_end(child, NULL));
    CHECK_OK(ddtrace_provider_current_span(provider, &current));
    CHECK(current == root);
    check_active(root, root);
    ddtrace_span_free(current);
    CHECK_OK(ddtrace_provider_restore(provider, outer));
    CHECK(otel_thread_ctx_v1 == NULL);
    CHECK_OK(ddtrace_span_end(root, NULL));
    ddtrace_provider_free(provider);
    recorder_close(recorder);
}

int main(void)
{
    RUN(process_context_is_found_by_its_name);
    RUN(thread_context_follows_the_active_span);
    check_no_live_handles();
    return 0;
}
