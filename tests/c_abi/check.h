/* What all programs of this directory use. Include it first.
 *
 * A failed check prints its place and ends the program with status 1. */
#ifndef CHECK_H
#define CHECK_H

#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* fork, mmap and their like, beside -std=c99 */
#endif
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* gettid */
#endif

#include <ddtrace.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A text that is passed as pointer and length. */
#define TEXT(literal) (literal), (sizeof(literal) - 1)

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: %s: not true: %s\n", __FILE__, __LINE__, __func__, #condition); \
            exit(1); \
        } \
    } while (0)

#define CHECK_INT(actual, expected) \
    do { \
        intmax_t check_actual = (intmax_t)(actual), check_expected = (intmax_t)(expected); \
        if (check_actual != check_expected) { \
            fprintf(stderr, "%s:%d: %s: %s is %" PRIdMAX ", expected %" PRIdMAX "\n", __FILE__, __LINE__, __func__, \
                    #actual, check_actual, check_expected); \
            exit(1); \
        } \
    } while (0)

#define CHECK_STATUS(actual, expected) \
    do { \
        ddtrace_status check_actual = (actual), check_expected = (expected); \
        if (check_actual != check_expected) { \
            fprintf(stderr, "%s:%d: %s: %s is %d (%s), expected %d (%s)\n", __FILE__, __LINE__, __func__, #actual, \
                    (int)check_actual, ddtrace_status_text(check_actual), (int)check_expected, \
                    ddtrace_status_text(check_expected)); \
            exit(1); \
        } \
    } while (0)

#define CHECK_OK(actual) CHECK_STATUS(actual, DDTRACE_OK)

#define CHECK_TEXT(actual, expected) \
    do { \
        const char *check_actual = (actual), *check_expected = (expected); \
        if (check_actual == NULL || strcmp(check_actual, check_expected) != 0) { \
            fprintf(stderr, "%s:%d: %s: %s is \"%s\", expected \"%s\"\n", __FILE__, __LINE__, __func__, #actual, \
                    check_actual == NULL ? "(NULL)" : check_actual, check_expected); \
            exit(1); \
        } \
    } while (0)

#define CHECK_CONTAINS(text, part) \
    do { \
        const char *check_text = (text), *check_part = (part); \
        if (check_text == NULL || strstr(check_text, check_part) == NULL) { \
            fprintf(stderr, "%s:%d: %s: %s does not contain \"%s\": %s\n", __FILE__, __LINE__, __func__, #text, \
                    check_part, check_text == NULL ? "(NULL)" : check_text); \
            exit(1); \
        } \
    } while (0)

/* The address sanitizer's allocator has locks that a child inherits as they are: before a fork, the other threads have to sleep. */
#ifdef __SANITIZE_ADDRESS__
#include <pthread.h>
#include <unistd.h>

static int check_busy_threads(void)
{
    int busy = 0;
    char path[64], line[512];
    long self = (long)gettid();
    DIR *threads = opendir("/proc/self/task");
    for (struct dirent *entry; threads != NULL && (entry = readdir(threads)) != NULL;) {
        if (atol(entry->d_name) == 0 || atol(entry->d_name) == self)
            continue;
        snprintf(path, sizeof path, "/proc/self/task/%ld/stat", atol(entry->d_name));
        FILE *stat = fopen(path, "r");
        const char *name_end = stat != NULL && fgets(line, sizeof line, stat) != NULL ? strrchr(line, ')') : NULL;
        busy += name_end != NULL && name_end[1] == ' ' && name_end[2] != 'S';
        if (stat != NULL)
            fclose(stat);
    }
    if (threads != NULL)
        closedir(threads);
    return busy;
}

static void check_settles_before_fork(void)
{
    for (int quiet = 0, i = 0; quiet < 3 && i < 5000; i++) {
        quiet = check_busy_threads() == 0 ? quiet + 1 : 0;
        usleep(1000);
    }
}

__attribute__((constructor)) static void check_prepares_forks(void)
{
    pthread_atfork(check_settles_before_fork, NULL, NULL);
}
#endif

/* Runs one test of a program. */
#define RUN(test) \
    do { \
        test(); \
        printf("%s ok\n", #test); \
        fflush(stdout); \
    } while (0)

#endif
