/* libddtrace through its C ABI, behind the command line that `benches/peers` has too:
 *
 *   bench hot WORKLOAD ITERATIONS [THREADS]   one of W1, W2s, W2b, W3, W4
 *   bench load SPANS_PER_SECOND SECONDS       W5; 0 spans per second is flat out
 *   bench start                               W7
 *   bench exit                                W8
 *   bench events name|id|spans nobody|other|one ITERATIONS   W9
 *   bench encode TRACES ROUNDS                what the background spends per span, into a transport that swallows payloads
 *
 * Each prints one line of JSON and knows nothing of rounds, ratios and goals. Settings come from environment variables. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"

static uint64_t number(const char *text) {
    char *end = NULL;
    uint64_t value = strtoull(text, &end, 10);
    if (end != text && *end == '\0') return value;
    fprintf(stderr, "\"%s\" is not a whole number\n", text);
    exit(2);
}

int main(int argc, char **argv) {
    const char *command = argc > 1 ? argv[1] : "";
    if (strcmp(command, "hot") == 0 && (argc == 4 || argc == 5))
        return hot(argv[2], number(argv[3]), argc == 5 ? number(argv[4]) : 1);
    if (strcmp(command, "load") == 0 && argc == 4) return load(number(argv[2]), number(argv[3]));
    if (strcmp(command, "start") == 0 && argc == 2) return start_up();
    if (strcmp(command, "exit") == 0 && argc == 2) return exit_time();
    if (strcmp(command, "events") == 0 && argc == 5) return events(argv[2], argv[3], number(argv[4]));
    if (strcmp(command, "encode") == 0 && argc == 4) return encode(number(argv[2]), number(argv[3]));
    fprintf(stderr, "expected: hot WORKLOAD ITERATIONS [THREADS] | load RATE SECONDS | start | exit | "
                    "events PUBLISHER AUDIENCE ITERATIONS | encode TRACES ROUNDS\n");
    return 2;
}
