/*
 * flag.c - a feature flag: two code paths in the pods of one version.
 *
 * A pod knows for which share of the users the flag is on; of a request by one
 * of these it runs the other path: its requests count under a version of their
 * own, and take the work, the errors and the conversion of that version's
 * image.  All else (workers, queue, start, warm-up, calls) is the pod's.  Users
 * are in a fixed order, so whoever has the flag keeps it at every greater
 * share, under every strategy; without users each request is one of its own.
 *
 * A new share reaches each pod after a time of its own, as pods poll for it or
 * hold a stream; one that starts later has it from its start.
 * Source: reference on progressive delivery 5.7.
 */
#include "kernel/rng.h"
#include "models/measure.h"
#include "traffic_impl.h"

struct flag {
    struct traffic *traffic;
    const struct version *off, *on;
    const struct behaviour *code;       /* of `on` */
    struct dist propagation;
    double share;               /* as set last */
    int64_t change;             /* how often it was set */
};

/* Some pod serves the new path; and all of them do for everybody. */
static void tell(struct flag *f)
{
    struct traffic *t = f->traffic;
    bool some = false, all = true;

    for (size_t i = 0; i < t->servers.len; i++) {
        const struct server *s = t->servers.items[i];

        if (s->version != f->off || !traffic_able(s->process))
            continue;
        some |= s->flag_share > 0;
        all &= s->flag_share >= 1;
    }
    measure_flag(t->w, some, some && all);
}

static void fire_known(struct sim *sim, void *subject, int64_t arg)
{
    struct server *s = subject;
    struct flag *f = s->traffic->flag;

    (void)sim;
    if (arg != f->change)
        return;                 /* overtaken by a newer one */
    s->flag_share = f->share;
    tell(f);
}

static const struct event_kind ev_known = {
    .name = "flag.known", .rank = RANK_WORLD, .fire = fire_known,
};

void traffic_flag(struct world *w, const struct pod_template *off,
                  const struct pod_template *on, const struct behaviour *code,
                  const struct dist *propagation)
{
    struct flag *f = arena_make(w->arena, struct flag);

    *f = (struct flag){ .traffic = w->traffic,
                        .off = traffic_version(w, off),
                        .on = traffic_version(w, on), .code = code,
                        .propagation = *propagation };
    w->traffic->flag = f;
}

void traffic_flag_set(struct world *w, double share)
{
    struct traffic *t = w->traffic;
    struct flag *f = t->flag;

    f->share = share;
    f->change++;
    for (size_t i = 0; i < t->servers.len; i++) {
        struct server *s = t->servers.items[i];
        double u = stream_u01_at(w->spec->seed, PURPOSE_FLAG, i,
                                 w->replication, (uint64_t)f->change);

        if (s->version == f->off && s->process->state != PROCESS_ABSENT)
            sim_after(w->sim, dist_at(&f->propagation, u), &ev_known, s,
                      f->change);
    }
}

void flag_starts(struct server *s)
{
    struct flag *f = s->traffic->flag;

    if (!f || s->version != f->off)
        return;
    s->flag_share = f->share;
    if (f->change > 0)
        tell(f);
}

const struct version *flag_version(const struct server *s,
                                   const struct ask *a)
{
    const struct sender *from = a->sender;
    const struct world *w = s->traffic->w;
    double u;

    if (s->flag_share <= 0)
        return s->version;
    u = stream_u01_at(w->spec->seed, PURPOSE_FLAG, from->entity + UINT32_MAX,
                      w->replication,
                      from->users > 0 ? a->user : (uint64_t)a->i);
    return u < s->flag_share ? s->traffic->flag->on : s->version;
}

const struct behaviour *ask_code(const struct server *s, const struct ask *a)
{
    return a->version == s->version ? s->process->behaviour
                                    : s->traffic->flag->code;
}
