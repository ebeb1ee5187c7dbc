/* Services of the program: work that is done again and again on a thread of its own. */
#include "recorder.h"

#include <stdatomic.h>
#include <unistd.h>

struct work {
    atomic_int turns, ended, freed;
    atomic_int answer;
    ddtrace_service *itself;
    ddtrace_status own_join;
};

static ddtrace_status run(void *user_data, int32_t reason)
{
    struct work *work = user_data;
    if (reason == DDTRACE_SERVICE_ENDED) {
        work->ended++;
        return DDTRACE_OK;
    }
    work->turns++;
    if (work->itself != NULL) {
        work->own_join = ddtrace_service_join(work->itself, 10000);
        CHECK_OK(ddtrace_service_stop(work->itself, NULL));
    }
    return work->answer;
}

static void count_free(void *user_data)
{
    ((struct work *)user_data)->freed++;
}

static ddtrace_service *service_of(struct work *work, uint32_t interval_ms, uint32_t flags)
{
    ddtrace_service *service = NULL;
    CHECK_OK(ddtrace_service_new(TEXT("Poller"), interval_ms, run, work, count_free, flags, &service));
    CHECK(!ddtrace_service_is_running(service));
    return service;
}

static void check_message(ddtrace_error *error, const char *message)
{
    char text[128];
    CHECK(error != NULL);
    ddtrace_str said = ddtrace_error_message(error);
    snprintf(text, sizeof text, "%.*s", (int)said.len, said.ptr);
    CHECK_TEXT(text, message);
    ddtrace_error_free(error);
}

static void a_service_is_started_and_stopped_once(void)
{
    struct work work = { 0 };
    ddtrace_error *error = NULL;
    ddtrace_service *service = service_of(&work, 600000, 0);
    CHECK_INT(ddtrace_service_stop(service, &error), DDTRACE_ERR_STATE);
    check_message(error, "Poller is already in status stopped");
    CHECK_OK(ddtrace_service_awake(service, 0));
    CHECK_INT(work.turns, 0);
    CHECK_OK(ddtrace_service_start(service, &error));
    CHECK(ddtrace_service_is_running(service));
    CHECK_INT(ddtrace_service_start(service, &error), DDTRACE_ERR_STATE);
    check_message(error, "Poller is already in status running");
    CHECK_OK(ddtrace_service_awake(service, 20000));
    CHECK_INT(work.turns, 1);
    CHECK_INT(ddtrace_service_join(service, 10), DDTRACE_ERR_TIMEOUT);
    CHECK_OK(ddtrace_service_stop(service, NULL));
    CHECK_OK(ddtrace_service_join(service, 20000));
    CHECK_INT(work.ended, 1);
    CHECK_OK(ddtrace_service_start(service, NULL));
    CHECK_OK(ddtrace_service_awake(service, 20000));
    CHECK_INT(work.turns, 2);
    CHECK_OK(ddtrace_service_stop(service, NULL));
    CHECK_OK(ddtrace_service_join(service, 20000));
    ddtrace_service_free(service);
    while (work.freed == 0)
        usleep(1000);
    CHECK_INT(ddtrace_service_start(service, NULL), DDTRACE_ERR_HANDLE);
}

static void a_service_may_end_itself(void)
{
    struct work work = { 0 };
    ddtrace_service *service = service_of(&work, 600000, DDTRACE_SERVICE_AT_ONCE);
    work.itself = service;
    CHECK_OK(ddtrace_service_start(service, NULL));
    CHECK_OK(ddtrace_service_join(service, 20000));
    CHECK_INT(work.turns, 1);
    CHECK_INT(work.own_join, DDTRACE_ERR_STATE);
    work.itself = NULL;
    work.answer = DDTRACE_SERVICE_END;
    CHECK_OK(ddtrace_service_start(service, NULL));
    CHECK_OK(ddtrace_service_join(service, 20000));
    CHECK(!ddtrace_service_is_running(service));
    CHECK_INT(work.ended, 2);
    ddtrace_service_free(service);
    while (work.freed == 0)
        usleep(1000);
}

static void a_service_that_ends_at_once_is_a_timer(void)
{
    struct work work = { 0 };
    ddtrace_service *timer = service_of(&work, 1, 0), *cancelled = NULL;
    work.answer = DDTRACE_SERVICE_END;
    for (int round = 1; round <= 2; round++) {
        CHECK_OK(ddtrace_service_start(timer, NULL));
        CHECK_OK(ddtrace_service_join(timer, 20000));
        CHECK_INT(work.turns, round);
        CHECK_INT(work.ended, round);
        CHECK(!ddtrace_service_is_running(timer));
    }
    ddtrace_service_free(timer);
    cancelled = service_of(&work, 600000, 0);
    CHECK_OK(ddtrace_service_start(cancelled, NULL));
    CHECK_OK(ddtrace_service_stop(cancelled, NULL));
    CHECK_OK(ddtrace_service_join(cancelled, 20000));
    CHECK_INT(work.turns, 2);
    ddtrace_service_free(cancelled);
    while (work.freed < 2)
        usleep(1000);
}

static void the_interval_may_change(void)
{
    struct work work = { 0 };
    ddtrace_service *service = service_of(&work, 600000, 0);
    CHECK_INT(ddtrace_service_set_interval(service, 0), DDTRACE_ERR_INVALID);
    CHECK_OK(ddtrace_service_set_interval(service, 1));
    work.answer = DDTRACE_ERR_IO;
    CHECK_OK(ddtrace_service_start(service, NULL));
    while (work.turns < 5)
        usleep(1000);
    ddtrace_service_free(service);
    while (work.freed == 0)
        usleep(1000);
    CHECK_INT(work.ended, 1);
}

static void bad_input_is_refused(void)
{
    struct work work = { 0 };
    ddtrace_service *service = NULL;
    CHECK_INT(ddtrace_service_new(TEXT(""), 1, run, &work, count_free, 0, &service), DDTRACE_ERR_INVALID);
    CHECK_INT(ddtrace_service_new(TEXT("x"), 0, run, &work, count_free, 0, &service), DDTRACE_ERR_INVALID);
    CHECK_INT(ddtrace_service_new(TEXT("x"), 1, NULL, &work, count_free, 0, &service), DDTRACE_ERR_NULL);
    CHECK_INT(ddtrace_service_new(TEXT("x"), 1, run, &work, count_free, 0, NULL), DDTRACE_ERR_NULL);
    CHECK_INT(work.freed, 4);
    CHECK_INT(ddtrace_service_start(NULL, NULL), DDTRACE_ERR_NULL);
    CHECK_INT(ddtrace_service_stop(NULL, NULL), DDTRACE_ERR_NULL);
    CHECK_INT(ddtrace_service_join(NULL, 0), DDTRACE_ERR_NULL);
    CHECK_INT(ddtrace_service_awake(NULL, 0), DDTRACE_ERR_NULL);
    CHECK_INT(ddtrace_service_set_interval(NULL, 1), DDTRACE_ERR_NULL);
    CHECK(!ddtrace_service_is_running(NULL));
    ddtrace_service_free(NULL);
}

int main(void)
{
    RUN(a_service_is_started_and_stopped_once);
    RUN(a_service_may_end_itself);
    RUN(a_service_that_ends_at_once_is_a_timer);
    RUN(the_interval_may_change);
    RUN(bad_input_is_refused);
    check_no_live_handles();
    return 0;
}
