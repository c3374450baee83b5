/*
 * bench_store.c - a million metric rows into a results file.
 *
 * usage: bench_store [FOLDER]      /tmp if absent
 *
 * 50 000 replications of 20 metrics, 200 replications a transaction, as an
 * experiment writes them.  Both clocks are printed: on a busy machine CPU time
 * is the better guide.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/bug.h"
#include "io/store.h"

enum { METRICS = 20, REPLICATIONS = 50000, BATCH = STORE_BATCH };

static double seconds(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* A file with one cell. */
static struct store *make(struct arena *a, const char *path, int64_t *cell,
                          struct err_list *errors)
{
    const struct store_scenario scenario = {
        .key = "bench", .name = "bench", .text = "", .canonical = "{}"
    };
    const struct store_cell c = {
        .scenario_key = "bench", .strategy = "rolling", .params_json = "{}",
        .seed = 1, .model_version = 1
    };
    struct store_metric m[METRICS];
    struct store *s;

    for (int i = 0; i < METRICS; i++)
        m[i] = (struct store_metric){ arena_printf(a, "metric_%d", i), "s",
                                      "lower", "a number" };
    if (store_open(a, path, STORE_WRITE, &s, errors) != SIM_OK ||
        store_metrics(s, m, METRICS) != SIM_OK ||
        store_put_scenario(s, &scenario) != SIM_OK ||
        store_cell(s, &c, cell) != SIM_OK)
        return NULL;
    return s;
}

static enum sim_code fill(struct store *s, int64_t cell)
{
    static double values[BATCH][METRICS];
    struct store_replication x[BATCH];
    enum sim_code code = SIM_OK;

    for (int64_t r = 0; r < REPLICATIONS && code == SIM_OK; r += BATCH) {
        for (int i = 0; i < BATCH; i++) {
            for (int m = 0; m < METRICS; m++)
                values[i][m] = (double)(r + i) / 7 + m;
            x[i] = (struct store_replication){
                .cell = cell, .rep = r + i, .sim_seconds = 600,
                .events = 100000, .wall_us = 1000,
                .trace_hash = (uint64_t)(r + i), .values = values[i]
            };
        }
        code = store_write(s, x, BATCH);
    }
    return code;
}

int main(int argc, char **argv)
{
    struct arena *a = arena_new();
    const char *folder = argc > 1 ? argv[1] : "/tmp";
    const char *path = arena_printf(a, "%s/bench_store.%ld.db", folder,
                                    (long)getpid());
    const double rows = (double)REPLICATIONS * METRICS;
    double wall = seconds(CLOCK_MONOTONIC), cpu;
    struct err_list errors;
    struct store *s;
    struct stat st = {0};
    int64_t cell;
    enum sim_code code = SIM_SYSTEM;

    err_init(&errors, a);
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    s = make(a, path, &cell, &errors);
    if (s) {
        code = fill(s, cell);
        if (store_close(s) != SIM_OK)
            code = SIM_SYSTEM;
    }
    wall = seconds(CLOCK_MONOTONIC) - wall;
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    stat(path, &st);
    unlink(path);
    err_print(&errors, stderr, ERR_HUMAN, false);
    if (code == SIM_OK)
        printf("store    %.0f metric rows: %.2f million rows/s by the clock, "
               "%.2f of CPU, %.1f MB\n", rows, rows / wall / 1e6,
               rows / cpu / 1e6, (double)st.st_size / 1e6);
    arena_free(a);
    return code == SIM_OK ? 0 : 1;
}
