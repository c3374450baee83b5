/*
 * partition.c - partition: a StatefulSet is released from its last ordinals
 * down, a part at a time.
 *
 * A person gives it the new image together with the first partition: pods whose
 * ordinal is below it stay old.  When kubectl says that this part is rolled
 * out he waits for `pause`, lowers the partition to the next one, and so on
 * down to 0.  A partition in per cent is rounded up, so that fewer pods are
 * new.  The way back is `kubectl rollout undo`, which takes only the pods back
 * that are new; the partition stays where it was.
 *
 * Source: apps/v1 RollingUpdateStatefulSetStrategy; reference 5.1, 5.2.
 */
#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "models/action.h"
#include "models/informer.h"
#include "models/measure.h"
#include "models/rollout.h"
#include "models/statefulset.h"
#include "models/strategy.h"
#include "models/world.h"

#define PARTITIONS 32           /* at most */

struct partitions {
    struct int_or_percent items[PARTITIONS];
    size_t len;
};

struct partition_spec {
    struct partitions steps;
    sim_time pause;
};

/* ---- fields ------------------------------------------------------------- */

static bool partitions_parse(struct binder *b, const struct value *v,
                             void *out)
{
    struct partitions *p = out;
    struct diag *d;

    if (v->type != VALUE_LIST || v->len == 0 || v->len > PARTITIONS) {
        d = field_expected(b, v, "a list of partitions: [90%, 50%]");
        diag_help(b->errors, d, "pods below stay old; 0 follows at the end");
        return false;
    }
    for (size_t i = 0; i < v->len; i++) {
        const struct value *item = v->u.items[i];
        const char *why;

        if (item->type != VALUE_SCALAR ||
            !parse_int_or_percent(item->u.text,
                                  strchr(item->u.text, '%') != NULL,
                                  &p->items[i], &why) ||
            p->items[i].value < 0) {
            field_expected(b, item, "a number of pods, or a percentage");
            return false;
        }
    }
    p->len = v->len;
    return true;
}

static void partitions_schema(FILE *out)
{
    fputs("{\"type\": \"array\", \"items\": {\"type\": [\"integer\", "
          "\"string\"]}}", out);
}

static const struct field partition_fields[] = {
    FIELD_CUSTOM(struct partition_spec, steps, "partitions", "[1]",
                 partitions_parse, partitions_schema, "pods", "how many stay "
                 "old in each step: counts, or percentages rounded up; 0 "
                 "follows"),
    FIELD(DURATION, struct partition_spec, pause, "pause", "5m", 0, 1e7, "s",
          "between a part that is rolled out and the next one"),
    FIELD_END
};

/* ---- the person --------------------------------------------------------- */

struct walk {
    struct world *w;
    const struct partition_spec *spec;
    object_uid workload;
    size_t typed;               /* steps so far */
    int last;                   /* partition typed last */
    int64_t generation;         /* when he typed it */
    bool waits, over;
};

/* The partition of step i of a set of n pods; 0 after the last one. */
static int partition_at(const struct partition_spec *s, size_t i, int n)
{
    return i < s->steps.len
               ? int_or_percent_of(s->steps.items[i], n, true) : 0;
}

/* The next step that changes anything; false: there is none. */
static bool type_next(struct walk *k, const char *containers)
{
    const struct meta *m = api_get(k->w->api, k->workload);
    int n, p;

    if (!m)
        return false;
    n = statefulset_seen(m)->replicas;
    do {
        if (k->typed > k->spec->steps.len)
            return false;
        p = partition_at(k->spec, k->typed++, n);
    } while (!containers && p >= k->last);
    k->last = p;
    k->generation = m->generation;
    release_patch_spec(k->w, m, arena_printf(
        k->w->arena, "updateStrategy: {type: RollingUpdate, rollingUpdate: "
        "{partition: %d}}", p), containers);
    return true;
}

static void fire_next(struct sim *sim, void *subject, int64_t arg)
{
    struct walk *k = subject;

    (void)sim;
    (void)arg;
    k->waits = false;
    if (!k->over)
        k->over = !type_next(k, NULL);
}

static const struct event_kind ev_next = { "partition.next", RANK_ACTION,
                                           fire_next };

static void changed(void *ctx, const struct meta *before,
                    const struct meta *after)
{
    struct walk *k = ctx;

    (void)before;
    if (!after || after->uid != k->workload || k->over || k->waits ||
        after->generation <= k->generation ||
        !rollout_status_of(k->w->arena, after).done)
        return;
    if (k->last == 0) {
        k->over = true;
        measure_completed(k->w);
        return;
    }
    k->waits = true;
    sim_after(k->w->sim, k->spec->pause, &ev_next, k, 0);
}

static const struct informer_ops watch_ops = {
    .name = "partition.statefulsets", .latency = TIMING_WATCH_CONTROLLER,
    .handle = changed,
};

static void partition_release(struct world *w, const void *spec)
{
    const struct meta *m = release_target(w);
    struct walk *k;

    if (!m) {                   /* deleted meanwhile: kubectl says so */
        kubectl_type(w, release_command(w), NULL, 0);
        return;
    }
    k = arena_make(w->arena, struct walk);
    *k = (struct walk){ .w = w, .spec = spec, .workload = m->uid };
    w->strategy_state = k;
    measure_judged_elsewhere(w, m->kind, m->space, m->name);
    informer_new(w, m->kind, &watch_ops, k);
    type_next(k, release_containers(w, NULL));
}

/* He goes no further. */
static bool partition_undo(struct world *w, const void *spec)
{
    struct walk *k = w->strategy_state;

    (void)spec;
    if (k)
        k->over = true;
    return false;
}

const struct strategy_ops strategy_partition = {
    .name = "partition",
    .doc = "a StatefulSet from its last ordinals down, a part at a time",
    .workload = KIND_STATEFULSET,
    .fields = partition_fields,
    .spec_size = sizeof(struct partition_spec),
    .release = partition_release,
    .undo = partition_undo,
};
