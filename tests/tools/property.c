/*
 * property.c - random rollouts, as many as asked for.
 *
 * usage: property [N [FIRST [PROCESSES]]]      trials FIRST .. FIRST + N - 1
 *        property -p SEED                      write one as a scenario
 *        property -r SEED                      run one, in this process
 * Exit status 1 if one fails; it is printed with its seed, made small.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "../property/property.h"

static int print(const char *seed)
{
    struct trial t = trial_draw(strtoull(seed, NULL, 10));
    struct buf text = { 0 };

    trial_print(&t, &text);
    fputs(text.text, stdout);
    buf_free(&text);
    return 0;
}

static int run(const char *seed)
{
    struct trial t = trial_draw(strtoull(seed, NULL, 10));
    struct arena *a = arena_new();
    const char *why = trial_run(a, &t);

    if (why)
        puts(why);
    arena_free(a);
    return why != NULL;
}

int main(int argc, char **argv)
{
    uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000;
    uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    long processes = argc > 3 ? strtol(argv[3], NULL, 10)
                              : sysconf(_SC_NPROCESSORS_ONLN);
    time_t start = time(NULL);
    int failures;

    if (argc == 3 && strcmp(argv[1], "-p") == 0)
        return print(argv[2]);
    if (argc == 3 && strcmp(argv[1], "-r") == 0)
        return run(argv[2]);
    failures = trials_run(first, n, (int)processes);
    printf("%llu random rollouts in %ld s, %d failures\n",
           (unsigned long long)n, (long)(time(NULL) - start), failures);
    return failures > 0;
}
