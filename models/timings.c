/*
 * timings.c - the table of latencies, its profiles, and its overrides.
 *
 * A row is one step of the control plane or of a node.  Four columns give its
 * value: default (a healthy production cluster), exact (small constants, so
 * that closed forms hold), loaded (late and slow), minikube (one busy node).
 *
 * Source: beside each row, in include/models/timings.list.
 */
#include "models/timings.h"

#include <math.h>
#include <string.h>

#include "base/bug.h"

const char *const profile_names[5] = {
    "default", "exact", "loaded", "minikube", NULL,
};

#define T(s) { DIST_CONSTANT, (s), 0 }
#define L(median, p95) { DIST_LOGNORMAL, (median), (p95) }
#define U(low, high) { DIST_UNIFORM, (low), (high) }

static const struct timing_row rows[TIMING_COUNT] = {
#define TIMING(id, name_, exact, normal, loaded, minikube, doc_, source_)     \
    [TIMING_##id] = { .name = name_, .doc = doc_, .source = source_,          \
                      .profile = { [PROFILE_DEFAULT] = normal,                \
                                   [PROFILE_EXACT] = exact,                   \
                                   [PROFILE_LOADED] = loaded,                 \
                                   [PROFILE_MINIKUBE] = minikube } },
#include "models/timings.list"
#undef TIMING
};

const struct timing_row *timing_row(enum timing t)
{
    return &rows[t];
}

static struct dist dist_of(const struct timing_value *v)
{
    switch (v->law) {
    case DIST_CONSTANT:
        return dist_constant((sim_time)llround(v->a * 1e9));
    case DIST_LOGNORMAL:
        return dist_lognormal(v->a, v->b);
    case DIST_UNIFORM:
        return (struct dist){ .law = DIST_UNIFORM, .a = v->a, .b = v->b };
    default:
        BUG("law %d in the table of timings", (int)v->law);
    }
}

void timings_from_profile(struct timings *t, enum profile p)
{
    t->endpoints_whole = false;
    for (int i = 0; i < TIMING_COUNT; i++) {
        t->dist[i] = dist_of(&rows[i].profile[p]);
        t->together[i] = (struct together){ 0 };
    }
}

/* The row called m->key, or -1 after an error with a suggestion. */
static int row_named(struct binder *b, const struct member *m)
{
    const char *names[TIMING_COUNT + 2] = { NULL };
    struct diag *d;

    for (int i = 0; i < TIMING_COUNT; i++) {
        if (strcmp(rows[i].name, m->key) == 0)
            return i;
        names[i] = rows[i].name;
    }
    names[TIMING_COUNT] = TIMING_ENDPOINTS_WHOLE;
    d = err_error(b->errors, &m->mark, "unknown timing \"%s\"", m->key);
    diag_suggest(b->errors, d, m->key, names);
    if (!d->help)
        diag_help(b->errors, d, "rollsim explain timings lists them");
    return -1;
}

/* Bind each entry of a map of rows with bind; whole: endpointPropagation may be
 * one, and is somebody else's. */
static bool bind_rows(struct binder *b, const struct value *v,
                      struct timings *t, bool whole,
                      bool (*bind)(struct binder *b, const struct value *v,
                                   struct timings *t, int row))
{
    bool good = true;

    if (!v || v->type == VALUE_NULL)
        return true;
    if (v->type != VALUE_MAP) {
        field_expected(b, v, "a map of timings");
        return false;
    }
    for (size_t i = 0; i < v->len; i++) {
        int row;

        if (strcmp(v->u.members[i].key, TIMING_ENDPOINTS_WHOLE) == 0 && whole)
            continue;
        row = row_named(b, &v->u.members[i]);

        if (row < 0 || !bind(b, v->u.members[i].value, t, row))
            good = false;
    }
    return good;
}

static bool bind_latency(struct binder *b, const struct value *v,
                         struct timings *t, int row)
{
    return dist_parse(b, v, &t->dist[row]);
}

const char timing_endpoints_doc[] =
    "EndpointSlice write to a node's rules in force, all of it: watchProxy and "
    "proxySync in one, with minSyncPeriod 0 unless that is given";

/* Each node obeys each change so long after it was written, in order. */
static bool bind_whole(struct binder *b, const struct value *v,
                       struct timings *t)
{
    const struct value *whole = value_get(v, TIMING_ENDPOINTS_WHOLE);
    static const enum timing parts[] = { TIMING_WATCH_PROXY,
                                         TIMING_PROXY_SYNC };

    if (!whole)
        return true;
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        const struct value *part = value_get(v, rows[parts[i]].name);

        if (part) {
            err_error(b->errors, &part->mark, "%s has %s in it: give one of "
                      "them", TIMING_ENDPOINTS_WHOLE, rows[parts[i]].name);
            return false;
        }
    }
    t->endpoints_whole = true;
    t->dist[TIMING_PROXY_SYNC] = dist_constant(0);
    return dist_parse(b, whole, &t->dist[TIMING_WATCH_PROXY]);
}

bool timings_bind(struct binder *b, const struct value *v, struct timings *t)
{
    return bind_rows(b, v, t, true, bind_latency) && bind_whole(b, v, t);
}

/* ---- what is busy at once ----------------------------------------------- */

static const char *const machine_names[] = { "node", "cluster", NULL };

static const struct field together_fields[] = {
    FIELD(SHARE, struct together, share, "share", NULL, 0, 1, "share",
          "of the variance that is common"),
    FIELD(DURATION, struct together, lasts, "lasts", "300ms", 0.001, 3600,
          "s", "how long a machine stays as busy as it is"),
    FIELD_ENUM(struct together, of, "of", "node", machine_names,
               "what they share: their node (that of no node: the control plane's), "
               "or one machine for all"),
    FIELD(SHARE, struct together, speed, "speed", "100%", 0.01, 1, "share",
          "of its work while kube-proxies' syncs take every core"),
    FIELD(INT, struct together, cores, "cores", "2", 1, CORES_MAX, "",
          "of that machine; each sync takes one"),
    FIELD(DURATION, struct together, waits, "waits", "0s", 0, 3600, "s",
          "how much of it is waiting, which takes no core"),
    FIELD_END
};

static bool bind_entry(struct binder *b, const struct value *v,
                       struct timings *t, int row)
{
    return field_bind(b, v, together_fields, &t->together[row]);
}

bool timings_bind_together(struct binder *b, const struct value *v,
                           struct timings *t)
{
    return bind_rows(b, v, t, false, bind_entry);
}
