/*
 * usage.c - the metrics pipeline: what autoscalers get to know.
 *
 * metrics-server asks every node once per interval (15 s) how much cpu each
 * pod has used, and answers with the difference of the last two readings.  The
 * cpu of a pod is that of the requests it works on: images.cpuPerRequest each,
 * or else one core for as long as a worker is busy.  What a scenario gives
 * under `metrics` takes its place: a total that is spread evenly over the
 * Ready pods of a workload, or the value of an object or external metric.
 * With an interval of 0 the present is known at once.
 *
 * Not modelled: memory (no samples, unless the scenario gives some), cpu of
 * start-up and idling, nodes that do not answer (a silent node's pods keep
 * their last reading).
 * Source: metrics-server (metric-resolution 15 s); reference 3.5.
 */
#include "models/usage.h"

#include <string.h>

#include "base/map.h"
#include "models/process.h"
#include "models/traffic.h"
#include "models/world.h"

struct reading {
    sim_time used;              /* cpu time since the start of the process */
    sim_time at;                /* SIM_NEVER: none */
    const struct process *process;
    int run;                    /* of that process */
};

struct metered {                /* a pod */
    struct reading last, before;
};

struct usage {
    struct world *w;
    struct map pods;            /* uid -> struct metered */
    sim_time interval, window;
    sim_time read;              /* the last reading of all */
};

/* ---- readings --------------------------------------------------------------------- */

static void read_pod(struct usage *u, const struct meta *m)
{
    struct metered *p = map_get_number(&u->pods, m->uid);
    struct process *process = process_of(u->w, m->uid, 0);

    if (!p) {
        p = arena_make(u->w->arena, struct metered);
        p->last.at = p->before.at = SIM_NEVER;
        map_put_number(&u->pods, m->uid, p);
    }
    p->before = p->last;
    p->last = (struct reading){ .at = SIM_NEVER };
    if (process && process->state != PROCESS_ABSENT)
        p->last = (struct reading){ traffic_cpu(process), world_now(u->w),
                                    process, process->run };
}

static void fire_read(struct sim *sim, void *subject, int64_t arg);
static const struct event_kind ev_read = {
    .name = "usage.read", .rank = RANK_MEASURE, .fire = fire_read,
};

static void fire_read(struct sim *sim, void *subject, int64_t arg)
{
    struct usage *u = subject;

    (void)arg;
    for (size_t i = 0; i < api_count(u->w->api, KIND_POD); i++)
        read_pod(u, api_at(u->w->api, KIND_POD, i));
    u->read = world_now(u->w);
    sim_after(sim, u->interval, &ev_read, u, 0);
}

struct usage *usage_new(struct world *w)
{
    struct usage *u = arena_make(w->arena, struct usage);
    const struct cluster_spec *c = &w->spec->cluster;
    struct stream luck;

    u->w = w;
    u->interval = c->metrics_interval;
    u->window = c->metrics_window;
    u->read = SIM_NEVER;
    map_init(&u->pods, w->arena);
    world_stream(w, &luck, PURPOSE_TIMING, UINT64_C(0x6d6574));  /* "met" */
    if (u->interval > 0)
        sim_after(w->sim, world_draw(w, TIMING_METRICS_PHASE, &luck),
                  &ev_read, u, 0);
    return u;
}

/* ---- what the scenario gives ----------------------------------------------------------- */

/* When the newest sample was taken. */
static sim_time taken(const struct usage *u)
{
    return u->interval > 0 ? u->read : world_now(u->w);
}

/* The entry that holds at t: the last one that has begun; NULL if there is
 * none.  of NULL: an object's or an external one. */
static const struct metric_spec *given(const struct usage *u,
                                       const char *metric, const char *of,
                                       sim_time t)
{
    const struct spec *s = u->w->spec;
    const struct metric_spec *found = NULL;

    for (size_t i = 0; i < s->nmetrics; i++) {
        const struct metric_spec *m = &s->metrics[i];
        bool same = strcmp(m->name, metric) == 0 &&
                    (of ? m->of && strcmp(m->of, of) == 0 : !m->of);

        if (same && (m->at < 0 || s->warmup + m->at <= t))
            found = m;
    }
    return found;
}

bool usage_of_object(const struct usage *u, const char *metric,
                     int64_t *value)
{
    const struct metric_spec *m = given(u, metric, NULL, world_now(u->w));

    if (m)
        *value = quantity_milli(m->value);
    return m != NULL;
}

static struct usage_sample spread(const struct usage *u, const struct pod *p,
                                  const struct metric_spec *m, int ready)
{
    struct usage_sample s = { .taken = taken(u), .window = u->window };

    s.known = p->ready && ready > 0;
    if (s.known)
        s.value = quantity_milli(m->value) / ready;
    return s;
}

/* ---- what the pods do ------------------------------------------------------------------------ */

/* Between the last two readings of one run of its process. */
static struct usage_sample measured(const struct metered *p)
{
    struct usage_sample s = { 0 };
    sim_time length;

    if (!p || p->last.at == SIM_NEVER)
        return s;
    if (p->before.at == SIM_NEVER || p->before.process != p->last.process ||
        p->before.run != p->last.run)
        return s;
    length = p->last.at - p->before.at;
    if (length < 1000)          /* less than a microsecond */
        return s;
    s.known = true;
    s.taken = p->last.at;
    s.window = length;
    s.value = (p->last.used - p->before.used) / (length / 1000);
    return s;
}

struct usage_sample usage_of_pod(struct usage *u, const struct pod *p,
                                 const char *metric, const char *of,
                                 int ready)
{
    sim_time t = taken(u);
    const struct metric_spec *m = t == SIM_NEVER ? NULL
                                                 : given(u, metric, of, t);

    if (m)
        return spread(u, p, m, ready);
    if (strcmp(metric, "cpu") == 0)
        return measured(map_get_number(&u->pods, p->meta.uid));
    return (struct usage_sample){ 0 };
}
