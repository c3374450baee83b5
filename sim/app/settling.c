/*
 * settling.c - the check of the warm-up.
 */
#include "app/settling.h"
#include <math.h>
#include "models/measure.h"
#include "models/world.h"
#include "stats/warmup.h"

#define REPLICATIONS 30         /* that are looked at, at most */
#define SECONDS 600             /* of each, at most */

struct settled_series {
    struct arena *arena;
    const struct spec *spec;
    size_t seconds;
    double *ms[REPLICATIONS];
    bool taken[REPLICATIONS];
};

/* Does nothing but the release change the load or the cluster? */
static bool is_quiet_before_release(const struct spec *s)
{
    for (size_t i = 0; i < s->ntraffic; i++)
        if (s->traffic[i].rate.form != RATE_CONSTANT ||
            s->traffic[i].rate.bursts)
            return false;
    return s->ntraffic > 0 && s->release.given && s->nfaults == 0 &&
           s->nactions == 0;
}

struct settled_series *settling_new(struct arena *a, const struct scenario *s)
{
    const struct spec *spec = s->variants[0].spec;
    struct settled_series *x;

    if (!is_quiet_before_release(spec))
        return NULL;
    x = arena_make(a, struct settled_series);
    x->arena = a;
    x->spec = spec;
    x->seconds = (size_t)(spec->release.at / SIM_S);
    if (x->seconds > SECONDS)
        x->seconds = SECONDS;
    for (size_t r = 0; r < REPLICATIONS; r++)
        x->ms[r] = arena_many(a, double, x->seconds);
    return x;
}

void settling_take(struct settled_series *x, size_t replication,
                   const struct world *w)
{
    if (!x || replication >= REPLICATIONS)
        return;
    measure_answering(w, x->ms[replication], x->seconds);
    x->taken[replication] = true;
}

void settling_warn(const struct settled_series *x, struct err_list *errors)
{
    const double *series[REPLICATIONS];
    struct settling s;
    struct diag *d;
    size_t n = 0;

    if (!x)
        return;
    for (size_t r = 0; r < REPLICATIONS; r++)
        if (x->taken[r])
            series[n++] = x->ms[r];
    s = warmup_settled(x->arena, series, n, x->seconds);
    if (s.settled)
        return;
    d = err_warn(errors, NULL, "warm-up: in the first %zu s after it "
                    "requests take %.3g ms on average, then %.3g ms",
                    s.warmup.cut, s.early, s.late);
    if (s.warmup.undecided)
        diag_help(errors, d, "it has not settled before the release: make "
                  "run.warmup longer");
    else
        diag_help(errors, d, "run.warmup: %zus or more", (size_t)
                  (x->spec->warmup / SIM_S) + s.warmup.cut);
}
