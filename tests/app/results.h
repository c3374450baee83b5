/*
 * results.h - running a scenario inside a test, and asking what came of it.
 *
 * A scenario is a file of scenarios/ or a text; its CSV files are read back.
 */
#ifndef TEST_APP_RESULTS_H
#define TEST_APP_RESULTS_H
#include <check.h>
#include <sys/stat.h>
#include <unistd.h>
#include "command.h"
#include "base/arena.h"
#include "base/bug.h"
#include "io/csv.h"

struct results {
    struct arena *arena;
    char folder[64];
    struct csv_table metrics, events, pods, series, views;
};

static inline const char *results_path(struct results *r, const char *name)
{
    return arena_printf(r->arena, "%s/%s", r->folder, name);
}

static inline struct csv_table results_table(struct results *r,
                                             const char *name)
{
    struct file_data d;
    struct csv_table t;
    struct err_list errors;

    err_init(&errors, r->arena);
    ck_assert_int_eq(file_read(r->arena, results_path(r, name), 0, NULL, &d,
                               &errors), SIM_OK);
    ck_assert_int_eq(csv_read(r->arena, name, d.bytes, strlen(d.bytes), true,
                              &t, &errors), SIM_OK);
    return t;
}

/* Run `rollsim run FILE MORE`. */
static inline void results_of_file(struct results *r, const char *file,
                                   const char *more)
{
    static const char *const files[] = {
        "metrics.csv", "summary.csv", "timeline.csv", "pods.csv",
        "series.csv", "events.csv", "failures.csv", "views.csv"
    };
    struct output o;

    r->arena = arena_new();
    strcpy(r->folder, "/tmp/rollsim-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(r->folder));
    o = command(arena_printf(r->arena, "run %s --quiet --csv %s %s", file,
                             r->folder, more));
    ck_assert_msg(o.code == 0, "%s: %d %s", file, o.code, o.err);
    output_free(&o);
    r->metrics = results_table(r, "metrics.csv");
    r->events = results_table(r, "events.csv");
    r->pods = results_table(r, "pods.csv");
    r->series = results_table(r, "series.csv");
    r->views = results_table(r, "views.csv");
    for (size_t i = 0; i < COUNT_OF(files); i++)
        remove(results_path(r, files[i]));
    ck_assert_int_eq(rmdir(r->folder), 0);
}

/* The same for a scenario that is a text. */
static inline void results_of_text(struct results *r, const char *text)
{
    char name[] = "/tmp/rollsim-test-XXXXXX";
    int fd = mkstemp(name);
    FILE *f;

    ck_assert_int_ge(fd, 0);
    f = fdopen(fd, "w");
    fputs(text, f);
    fclose(f);
    results_of_file(r, name, "");
    remove(name);
}

static inline void results_free(struct results *r)
{
    arena_free(r->arena);
}

/* A metric of replication 0 of a strategy (NULL: the first); NAN if it is not defined. */
static inline double results_metric(const struct results *r,
                                    const char *strategy, const char *metric)
{
    const struct csv_table *t = &r->metrics;

    for (size_t i = 0; i < t->len; i++)
        if ((!strategy || strcmp(csv_get(t, i, 1), strategy) == 0) &&
            strcmp(csv_get(t, i, 3), metric) == 0)
            return *csv_get(t, i, 5) ? atof(csv_get(t, i, 5)) : (double)NAN;
    ck_abort_msg("no metric %s of %s", metric, strategy ? strategy : "any");
    return 0;
}

/* The time of the n-th event (from 0) of a strategy (NULL: any) of this
 * reason about this object whose message contains text; -1000: none. */
static inline double results_event(const struct results *r,
                                   const char *strategy, const char *reason,
                                   const char *object, const char *text,
                                   int n)
{
    const struct csv_table *t = &r->events;

    for (size_t i = 0; i < t->len; i++)
        if ((!strategy || strcmp(csv_get(t, i, 0), strategy) == 0) &&
            strcmp(csv_get(t, i, 4), reason) == 0 &&
            strncmp(csv_get(t, i, 6), object, strlen(object)) == 0 &&
            strstr(csv_get(t, i, 7), text) && n-- == 0)
            return atof(csv_get(t, i, 2));
    return -1000;
}

/* When the n-th pod whose name begins so came to a state; -1000: never. */
static inline double results_pod(const struct results *r, const char *strategy,
                                 const char *pod, const char *state, int n)
{
    const struct csv_table *t = &r->pods;

    for (size_t i = 0; i < t->len; i++)
        if ((!strategy || strcmp(csv_get(t, i, 0), strategy) == 0) &&
            strncmp(csv_get(t, i, 4), pod, strlen(pod)) == 0 &&
            strcmp(csv_get(t, i, 8), state) == 0 && n-- == 0)
            return atof(csv_get(t, i, 2));
    return -1000;
}

#define NEVER (-1000.)

#endif
