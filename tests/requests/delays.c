/*
 * delays.c - are the delays on a request's way as long as recorded?
 *
 * Four delays, over all cases of a kind (minSyncPeriod of the node, 1000 more
 * Services): terminating -> slice drops it, slice -> rules gone, terminating ->
 * last new connection, Ready -> first request.  Recorded ones are those of
 * the pods of all runs in summary.json, simulated ones come from views.csv of
 * as many replications for each recorded run, so both have the same mixture of
 * cases.  With 1000 more Services a recorded rule change is stamped where a write
 * of up to half a second begins (their README says so and to take the last
 * connection), so that is not compared.  Only pods that became ready, or were told to stop, after t = 0; with
 * keep-alive clients no connections, as they say nothing of rules.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/text.h"
#include "base/vec.h"
#include "io/csv.h"
#include "io/yaml.h"
#include "requests.h"

#define WITHIN 0.20
#define OTHER_CAUSE_MS 20.0     /* left the slice so long before its end: a
                                 * selector did that */

/* What is asked of a case's clients. */
struct setting {
    const char *suffix[2];      /* ", minSync 1 s", of node 1 and 2 */
    bool many;                  /* 1000 more Services */
    bool keep_alive;
};

/* The instants of one pod, in ms; NAN: none. */
struct instants {
    double ready, terminating, slice_drops;
    double rules_drop[2], first[2], last[2];
};

static void push(struct arena *a, struct sample *s, double x)
{
    if (!isnan(x))
        vec_push(a, s, x);
}

static struct delay *delay_of(struct delays *d, const char *name)
{
    for (size_t i = 0; i < d->len; i++)
        if (strcmp(d->items[i].name, name) == 0)
            return &d->items[i];
    vec_push(d->arena, d, ((struct delay){
        .name = arena_strdup(d->arena, name) }));
    return &d->items[d->len - 1];
}

static void add(struct delays *d, bool recorded, const char *what,
                const char *suffix, double x)
{
    struct delay *to = delay_of(d, arena_printf(d->arena, "%s%s", what,
                                                suffix));

    push(d->arena, recorded ? &to->recorded : &to->simulated, x);
}

static void add_pod(struct delays *d, bool recorded, const struct setting *s,
                    const struct instants *p)
{
    bool stops = p->terminating >= 0;
    bool moved = p->slice_drops < p->terminating - OTHER_CAUSE_MS;

    if (stops && !moved)
        add(d, recorded, "terminating -> slice drops it", "",
            p->slice_drops - p->terminating);
    for (int n = 0; n < 2; n++) {
        if (stops && !moved && !s->many)
            add(d, recorded, "slice drops it -> rule gone", s->suffix[n],
                p->rules_drop[n] - p->slice_drops);
        if (s->keep_alive)
            continue;
        if (stops && !moved)
            add(d, recorded, "terminating -> last new connection",
                s->suffix[n], p->last[n] - p->terminating);
        if (p->ready >= 0 && p->first[n] >= 0)
            add(d, recorded, "Ready -> first request", s->suffix[n],
                p->first[n] - p->ready);
    }
}

/* ---- recorded -------------------------------------------------------------------------- */

static double instant(const struct value *pod, const char *key)
{
    const char *text = value_text(value_get(pod, key), NULL);

    return text ? strtod(text, NULL) : NAN;
}

static struct instants recorded_pod(const struct value *v)
{
    return (struct instants){
        .ready = instant(v, "ready"),
        .terminating = instant(v, "terminating"),
        .slice_drops = instant(v, "slice_removed"),
        .rules_drop = { instant(v, "rule_removed_n1"),
                        instant(v, "rule_removed_n2") },
        .first = { instant(v, "first_req_c1"), instant(v, "first_req_c2") },
        .last = { instant(v, "last_req_c1"), instant(v, "last_req_c2") },
    };
}

static bool add_recorded(struct delays *d, const char *folder,
                         const struct setting *s, struct err_list *errors)
{
    struct yaml_stream y = { 0 };
    const struct value *runs;

    if (yaml_load_file(d->arena,
                       arena_printf(d->arena, "%s/summary.json", folder),
                       true, NULL, &y, errors) != SIM_OK || y.docs.len == 0)
        return false;
    runs = value_get(y.docs.items[0].root, "runs");
    for (size_t i = 0; runs && i < runs->len; i++) {
        const struct value *pods = value_get(runs->u.items[i], "pods");

        for (size_t k = 0; pods && k < pods->len; k++) {
            struct instants p = recorded_pod(pods->u.items[k]);

            add_pod(d, true, s, &p);
        }
    }
    return true;
}

/* ---- simulated ------------------------------------------------------------------------- */

static const struct instants unknown = {
    NAN, NAN, NAN, { NAN, NAN }, { NAN, NAN }, { NAN, NAN },
};

/* Put a row of views.csv in its place: the first of its kind counts, but for
 * what ends. */
static void note(struct instants *p, const char *view, const char *node,
                 double ms)
{
    int n = node[0] == 'n' && node[1] == '2';

    if (strcmp(view, "ready") == 0 && isnan(p->ready))
        p->ready = ms;
    else if (strcmp(view, "terminating") == 0)
        p->terminating = ms;
    else if (strcmp(view, "slice_drops") == 0)
        p->slice_drops = ms;
    else if (strcmp(view, "rules_drop") == 0)
        p->rules_drop[n] = ms;
    else if (strcmp(view, "first_connection") == 0)
        p->first[n] = ms;
    else if (strcmp(view, "last_connection") == 0)
        p->last[n] = ms;
}

static bool add_simulated(struct delays *d, const char *csv,
                          const struct setting *s, struct err_list *errors)
{
    struct arena *a = d->arena;
    struct csv_table t;
    struct map pods;
    size_t rep, pod, view, node, time;

    if (csv_read_file(a, arena_printf(a, "%s/views.csv", csv), true, NULL, &t,
                      errors) != SIM_OK)
        return false;
    rep = (size_t)csv_column(&t, "replication");
    pod = (size_t)csv_column(&t, "pod");
    view = (size_t)csv_column(&t, "view");
    node = (size_t)csv_column(&t, "node");
    time = (size_t)csv_column(&t, "time_s");
    map_init(&pods, a);
    for (size_t i = 0; i < t.len; i++) {
        const char *key = arena_printf(a, "%s/%s", csv_get(&t, i, rep),
                                       csv_get(&t, i, pod));
        struct instants *p = map_get(&pods, key);

        if (!p) {
            p = arena_make(a, struct instants);
            *p = unknown;
            map_put(&pods, key, p);
        }
        note(p, csv_get(&t, i, view), csv_get(&t, i, node),
             strtod(csv_get(&t, i, time), NULL) * 1e3);
    }
    for (size_t i = 0; i < pods.len; i++)
        add_pod(d, false, s, pods.entries[i].value);
    return true;
}

/* ---- the whole ------------------------------------------------------------------------- */

static bool read_setting(struct arena *a, const char *folder,
                         const char *name, struct setting *s,
                         struct err_list *errors)
{
    struct yaml_stream y = { 0 };
    const struct value *clients;
    bool many = strncmp(name, "services1000", 12) == 0;

    *s = (struct setting){ { "", "" }, many, false };
    if (yaml_load_file(a, arena_printf(a, "%s/steps.yaml", folder), true,
                       NULL, &y, errors) != SIM_OK || y.docs.len == 0)
        return false;
    clients = value_get(y.docs.items[0].root, "clients");
    for (size_t i = 0; clients && i < clients->len && i < 2; i++) {
        const struct value *c = clients->u.items[i];

        s->suffix[i] = arena_printf(
            a, ", minSync %s s%s",
            value_text(value_get(c, "kube_proxy_min_sync_period_s"), "1"),
            many ? ", 1000 more Services" : "");
        s->keep_alive |= strcmp(value_text(value_get(c, "keepAlive"), ""),
                                "true") == 0;
    }
    return true;
}

bool delays_add(struct delays *d, const char *folder, const char *name,
                const char *csv, struct err_list *errors)
{
    struct setting s;

    return read_setting(d->arena, folder, name, &s, errors) &&
           add_recorded(d, folder, &s, errors) &&
           add_simulated(d, csv, &s, errors);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static double quantile(const struct sample *s, double q)
{
    size_t i = (size_t)(q * (double)s->len);

    return s->items[i < s->len ? i : s->len - 1];
}

const char *delay_judge(struct arena *a, struct delay *d, bool *holds)
{
    static const double qs[] = { 0.5, 0.9, 0.99 };
    double x[3], y[3];

    *holds = d->recorded.len > 0 && d->simulated.len > 0;
    if (!*holds)
        return arena_printf(a, "%s: nothing to compare", d->name);
    qsort(d->recorded.items, d->recorded.len, sizeof(double), by_size);
    qsort(d->simulated.items, d->simulated.len, sizeof(double), by_size);
    for (int i = 0; i < 3; i++) {
        x[i] = quantile(&d->recorded, qs[i]);
        y[i] = quantile(&d->simulated, qs[i]);
        *holds &= fabs(y[i] - x[i]) <= WITHIN * fabs(x[i]);
    }
    return arena_printf(a, "%s (%zu): median %.0f, simulated %.0f; p90 %.0f, "
                           "%.0f; p99 %.0f, %.0f ms", d->name,
                        d->recorded.len, x[0], y[0], x[1], y[1], x[2], y[2]);
}
