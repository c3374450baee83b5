/*
 * cluster_block.c - the sections `clusters` and `frontDoor`, and the waves of a
 * release.
 *
 * What `cluster` and the manifests say holds in each of the clusters; an entry
 * says what is different there.  Its seed is made of the scenario's and its
 * name, so clusters have luck of their own, and the same if others come or go.
 */
#include "scenario_impl.h"
#include <string.h>
#include "base/text.h"
#include "base/units.h"

const struct field door_fields[] = {
    FIELD(DURATION, struct balancer_spec, interval, "interval", "10s", 0.1,
          3600, "s", "between two questions to a cluster"),
    FIELD(INT32, struct balancer_spec, healthy, "healthyThreshold", "2", 1,
          100, "answers", "in a row until its users come back"),
    FIELD(INT32, struct balancer_spec, unhealthy, "unhealthyThreshold", "3",
          1, 100, "answers", "in a row until they are sent elsewhere"),
    FIELD_END
};

const struct field clusters_fields[] = {
    { .type = FIELD_T_STRING, .key = "name", .unit = "-",
      .offset = offsetof(struct cluster_entry, name),
      .flags = FIELD_REQUIRED, .doc = "of the cluster" },
    { .type = FIELD_T_REAL, .key = "weight", .unit = "-", .def = "1",
      .offset = offsetof(struct cluster_entry, weight), .min = 0, .max = 1e6,
      .flags = FIELD_EXCLUSIVE, .doc = "of its part of the users" },
    FIELD_SUB(LIST, struct cluster_entry, nodes, "nodes", pool_fields,
              struct node_pool, "its nodes; those of `cluster` if absent"),
    FIELD(VALUE, struct cluster_entry, timings, "timings", NULL, 0, 0, "s",
          "over those of `cluster`"),
    FIELD(VALUE, struct cluster_entry, patch, "patch", NULL, 0, 0, "-",
          "strategic merge over the manifests, here only"),
    FIELD_END
};

/* ---- names ---------------------------------------------------------------- */

/* The place of the cluster called name; nmembers, after an error, if none. */
static size_t find_cluster(struct loader *l, const char *name,
                           const struct mark *m)
{
    const char **names = arena_many(l->arena, const char *, l->nmembers + 1);
    struct diag *d;

    for (size_t i = 0; i < l->nmembers; i++) {
        names[i] = l->members[i].name ? l->members[i].name : "";
        if (strcmp(names[i], name) == 0)
            return i;
    }
    d = err_error(l->errors, m, l->nmembers ? "no cluster is called \"%s\""
                  : "there are no `clusters`, so none is called \"%s\"", name);
    diag_suggest(l->errors, d, name, names);
    return l->nmembers;
}

void clusters_check(struct loader *l, const char *name, const struct mark *m)
{
    if (name)
        find_cluster(l, name, m);
}

/* ---- entries ------------------------------------------------------------- */

static void check_name(struct loader *l, const struct cluster_entry *e,
                       size_t i)
{
    const struct value *v = value_at(l->root, arena_printf(l->arena,
                                              "clusters[%zu].name", i));

    for (size_t k = 0; e[i].name && k < i; k++)
        if (e[k].name && strcmp(e[k].name, e[i].name) == 0)
            err_error(l->errors, v ? &v->mark : NULL, "two clusters are "
                      "called \"%s\"", e[i].name);
    if (e[i].name && strchr(e[i].name, '/'))
        err_error(l->errors, v ? &v->mark : NULL, "a cluster's name has no "
                  "\"/\": it stands before one in results");
}

/* One cluster, but for its manifests. */
static void read_entry(struct loader *l, const struct cluster_entry *e,
                       size_t i, const struct spec *base, struct spec *to)
{
    const char *path = arena_printf(l->arena, "clusters[%zu]", i);
    struct binder b = { .arena = l->arena, .errors = l->errors,
                        .load_sample = sample_load, .ctx = l };

    *to = *base;
    to->seed = fnv64(base->seed ^ FNV_START, e->name ? e->name : "",
                     e->name ? strlen(e->name) : 0);
    snprintf(b.path, sizeof b.path, "%s.timings", path);
    timings_bind(&b, e->timings, &to->cluster.timings);
    if (e->nodes.len > 0)
        scenario_pools(l, &e->nodes, arena_printf(l->arena, "%s.nodes", path),
                       to);
    scenario_places(l, to);
}

void clusters_read(struct loader *l, const struct document_section *d,
                   const struct spec *base)
{
    const struct cluster_entry *e = d->clusters.items;
    struct member_spec *m = arena_many(l->arena, struct member_spec,
                                       d->clusters.len);
    double sum = 0;

    for (size_t i = 0; i < d->clusters.len; i++)
        sum += e[i].weight;
    for (size_t i = 0; i < d->clusters.len; i++) {
        struct spec *own = arena_make(l->arena, struct spec);
        const struct value *v = value_at(l->root, arena_printf(
                                             l->arena, "clusters[%zu]", i));

        check_name(l, e, i);
        read_entry(l, &e[i], i, base, own);
        m[i] = (struct member_spec){ e[i].name, e[i].weight / sum, own,
                                     v ? v->mark : (struct mark){0} };
    }
    l->members = m;
    l->entries = e;
    l->nmembers = d->clusters.len;
    for (size_t i = 0; i < base->nactions; i++)
        clusters_check(l, base->actions[i].cluster, &base->actions[i].mark);
    if (d->clusters.len == 0 && value_get(l->root, "frontDoor"))
        err_error(l->errors, &value_get(l->root, "frontDoor")->mark,
                  "a front door stands before several `clusters`");
}

/* ---- waves --------------------------------------------------------------- */

static void read_wave(struct loader *l, const struct value *v, bool *taken,
                      struct wave_spec *out)
{
    size_t *members = arena_many(l->arena, size_t, l->nmembers);
    const struct value *one[1] = { v };
    const struct value *const *items = v->type == VALUE_LIST ? v->u.items
                                                             : one;
    size_t len = v->type == VALUE_LIST ? v->len : 1;

    for (size_t i = 0; i < len; i++) {
        const char *name = value_text(items[i], "");
        size_t k = find_cluster(l, name, &items[i]->mark);

        if (k == l->nmembers)
            continue;
        if (taken[k]) {
            err_error(l->errors, &items[i]->mark, "cluster \"%s\" is in two "
                      "waves", name);
            continue;
        }
        taken[k] = true;
        members[out->n++] = k;
    }
    out->members = members;
    if (len == 0)
        err_error(l->errors, &v->mark, "a wave is a list of clusters");
}

/* All at once. */
static void one_wave(struct loader *l, struct waves_spec *out)
{
    struct wave_spec *wave = arena_make(l->arena, struct wave_spec);
    size_t *members = arena_many(l->arena, size_t, l->nmembers);

    for (size_t i = 0; i < l->nmembers; i++)
        members[i] = i;
    *wave = (struct wave_spec){ members, l->nmembers };
    out->items = wave;
    out->len = 1;
}

static void read_waves(struct loader *l, const struct value *v,
                       struct waves_spec *out)
{
    bool *taken = arena_many(l->arena, bool, l->nmembers + 1);
    struct wave_spec *waves;

    if (v->type != VALUE_LIST || v->len == 0) {
        err_error(l->errors, &v->mark, "waves are lists of clusters, one "
                  "after the other, as in [[a], [b, c]]");
        return;
    }
    if (l->nmembers == 0) {
        err_error(l->errors, &v->mark, "waves go through several `clusters`, "
                  "and there are none");
        return;
    }
    waves = arena_many(l->arena, struct wave_spec, v->len);
    for (size_t i = 0; i < v->len; i++)
        read_wave(l, v->u.items[i], taken, &waves[i]);
    out->items = waves;
    out->len = v->len;
}

static void read_bake(struct loader *l, const struct value *v, sim_time *out)
{
    const char *why = NULL;
    int64_t ns;

    if (!parse_duration(value_text(v, ""), &ns, &why) || ns < 0)
        err_error(l->errors, &v->mark, "bake is a duration, as in 10m");
    else
        *out = ns;
}

void waves_read(struct loader *l, const struct value *waves,
                const struct value *bake, struct waves_spec *out)
{
    if (waves)
        read_waves(l, waves, out);
    if (bake)
        read_bake(l, bake, &out->bake);
    if (bake && l->nmembers == 0 && !waves)
        err_error(l->errors, &bake->mark, "waves bake, one after the other: "
                  "there are no `clusters`");
    if (l->nmembers > 0 && out->len == 0)
        one_wave(l, out);
}

/* ---- variants ------------------------------------------------------------ */

void clusters_build(struct loader *l, const struct strategy_spec *strategy,
                    const struct document *target, struct spec *spec)
{
    struct member_spec *m = arena_memdup(l->arena, l->members,
                                         l->nmembers * sizeof(*m));

    if (strategy && (strategy->waves || strategy->bake))
        waves_read(l, strategy->waves, strategy->bake, &spec->waves);
    if (l->nmembers == 0)
        return;
    for (size_t i = 0; i < l->nmembers; i++) {
        struct spec *own = arena_memdup(l->arena, m[i].spec, sizeof(*own));

        manifests_build(l, strategy, target, l->entries[i].patch, own);
        m[i].spec = own;
    }
    spec->members = m;
    spec->nmembers = l->nmembers;
}
