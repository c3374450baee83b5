/*
 * replicaset_count.c - counters and expectations of ReplicaSets.
 *
 * The real controller walks over all pods of a set in every sync.  Here the
 * same numbers are kept by following the pod informer; a set that is seen for
 * the first time, or whose selector, template, owner or minReadySeconds
 * changed, is counted anew.  Syncs whose ordinal is a power of two audit the
 * counters against a full count.
 *
 * Expectations: after it has asked for creations or deletions a set asks for
 * no more until its watch has shown them, or five minutes have passed.  A pod
 * marked for deletion counts as deleted.
 *
 * Source: kubernetes pkg/controller/controller_utils.go at v1.36.2; reference
 * 2.1 to 2.4.
 */
#include "replicaset_impl.h"

#include <string.h>

#include "base/bug.h"
#include "models/world.h"

#define EXPECTATIONS_TIMEOUT (5 * 60 * SIM_S)   /* ExpectationsTimeout */

struct set_state *set_state_of(struct replicasets *rs, object_uid uid)
{
    struct set_state *st = map_get_number(&rs->states, uid);

    if (!st) {
        st = arena_make(rs->c->w->arena, struct set_state);
        st->uid = uid;
        map_put_number(&rs->states, uid, st);
    }
    return st;
}

/* ---- counters ----------------------------------------------------------- */

static bool fits(const struct set_state *st, const struct meta *m)
{
    return m->labels == st->template->labels ||     /* the usual case */
           selector_match(st->selector, m->labels);
}

bool set_counts(const struct set_state *st, const struct pod *p)
{
    return pod_active(p) && fits(st, &p->meta);
}

/* Does p carry all labels of the template? */
static bool fully_labeled(const struct set_state *st, const struct pod *p)
{
    const struct labels *want = st->template->labels;

    for (size_t i = 0; p->meta.labels != want && want && i < want->len; i++) {
        const char *has = labels_get(p->meta.labels, want->items[i].key);

        if (!has || strcmp(has, want->items[i].value) != 0)
            return false;
    }
    return true;
}

static void tally_add(const struct set_state *st, struct tally *t,
                      const struct pod *p, int sign)
{
    if (!pod_active(p)) {
        if (p->phase != POD_SUCCEEDED && p->phase != POD_FAILED &&
            fits(st, &p->meta))
            t->terminating += sign;
        return;
    }
    if (!fits(st, &p->meta)) {
        t->strays += sign;
        return;
    }
    t->active += sign;
    t->ready += p->ready ? sign : 0;
    t->labeled += fully_labeled(st, p) ? sign : 0;
}

static void group_add(struct replicasets *rs, struct set_state *st,
                      const struct pod *p, int sign)
{
    struct group *g = st->group;

    if (!g || p->node == 0 || !set_counts(st, p))
        return;
    while (g->on_node.len <= p->node)
        vec_push(rs->c->w->arena, &g->on_node, 0);
    g->on_node.items[p->node] += sign;
    CHECK(g->on_node.items[p->node] >= 0);
}

int set_rank(const struct set_state *st, const struct pod *p)
{
    const struct group *g = st->group;

    return g && p->node < g->on_node.len ? g->on_node.items[p->node] : 0;
}

static void wait_for(struct replicasets *rs, struct set_state *st,
                     const struct pod *p)
{
    if (st->min_ready_s > 0 && p->ready && set_counts(st, p))
        vec_push(rs->c->w->arena, &st->waiting, p->meta.uid);
}

static void wait_no_more(struct set_state *st, object_uid uid)
{
    for (size_t i = 0; i < st->waiting.len; i++)
        if (st->waiting.items[i] == uid) {
            vec_swap_remove(&st->waiting, i);
            return;
        }
}

/* Drop the pods that have been Ready for long enough. */
static void sweep(struct replicasets *rs, struct set_state *st)
{
    const struct world *w = rs->c->w;

    for (size_t i = 0; i < st->waiting.len;) {
        const struct meta *m = informer_get(rs->pods, st->waiting.items[i]);

        CHECK(m);               /* or it would have been taken off */
        if (pod_available(w, pod_seen(m), st->min_ready_s, world_now(w)))
            vec_swap_remove(&st->waiting, i);
        else
            i++;
    }
}

sim_time set_next_available(const struct replicasets *rs,
                            const struct set_state *st)
{
    sim_time first = SIM_NEVER;

    for (size_t i = 0; i < st->waiting.len; i++) {
        const struct meta *m = informer_get(rs->pods, st->waiting.items[i]);
        sim_time at;

        if (!m)
            continue;
        at = pod_available_at(rs->c->w, pod_seen(m), st->min_ready_s);
        if (at < first)
            first = at;
    }
    return first;
}

/* Nothing that is counted differs. */
static bool counts_alike(const struct pod *a, const struct pod *b)
{
    return a->meta.owner == b->meta.owner &&
           a->meta.labels == b->meta.labels && a->node == b->node &&
           a->ready == b->ready && a->ready_changed == b->ready_changed &&
           a->phase == b->phase && a->meta.deleted == b->meta.deleted;
}

static struct set_state *counted_owner(struct replicasets *rs,
                                       const struct meta *pod)
{
    struct set_state *st = NULL;

    if (pod && pod->owner != 0)
        st = map_get_number(&rs->states, pod->owner);
    return st && st->counted ? st : NULL;
}

void set_count(struct replicasets *rs, const struct meta *before,
               const struct meta *after)
{
    struct set_state *was = counted_owner(rs, before);
    struct set_state *is = counted_owner(rs, after);

    if (before && after &&
        counts_alike(pod_seen(before), pod_seen(after)))
        return;
    if (was) {
        tally_add(was, &was->tally, pod_seen(before), -1);
        CHECK(was->tally.active >= 0 && was->tally.terminating >= 0);
        group_add(rs, was, pod_seen(before), -1);
        wait_no_more(was, before->uid);
    }
    if (is) {
        tally_add(is, &is->tally, pod_seen(after), +1);
        group_add(rs, is, pod_seen(after), +1);
        wait_for(rs, is, pod_seen(after));
    }
}

/* ---- counting anew ------------------------------------------------------ */

static struct group *group_of(struct replicasets *rs, object_uid owner)
{
    struct group *g;

    if (owner == 0)
        return NULL;
    g = map_get_number(&rs->groups, owner);
    if (!g) {
        g = arena_make(rs->c->w->arena, struct group);
        map_put_number(&rs->groups, owner, g);
    }
    return g;
}

static bool in_step(const struct set_state *st, const struct replicaset *set)
{
    return st->counted && st->selector == set->selector &&
           st->template == set->template && st->owner == set->meta.owner &&
           st->min_ready_s == set->min_ready_s;
}

/* Add (+1) or take away (-1) every pod seen. */
static void count_all(struct replicasets *rs, struct set_state *st,
                      struct tally *t, int sign)
{
    size_t n;
    const object_uid *pods = informer_owned(rs->pods, st->uid, &n);

    for (size_t i = 0; i < n; i++) {
        const struct pod *p = pod_seen(informer_get(rs->pods, pods[i]));

        tally_add(st, t, p, sign);
        if (t != &st->tally)
            continue;           /* only an audit */
        group_add(rs, st, p, sign);
        if (sign > 0)
            wait_for(rs, st, p);
    }
}

static void audit(struct replicasets *rs, struct set_state *st)
{
    struct tally t = { 0 };

    if ((st->syncs & (st->syncs - 1)) != 0)
        return;
    count_all(rs, st, &t, +1);
    sim_assert(rs->c->w->sim, t.active == st->tally.active);
    sim_assert(rs->c->w->sim, t.ready == st->tally.ready);
    sim_assert(rs->c->w->sim, t.labeled == st->tally.labeled);
    sim_assert(rs->c->w->sim, t.terminating == st->tally.terminating);
    sim_assert(rs->c->w->sim, t.strays == st->tally.strays);
}

void set_recount(struct replicasets *rs, struct set_state *st,
                 const struct replicaset *set)
{
    st->syncs++;
    if (in_step(st, set)) {
        audit(rs, st);
    } else {
        if (st->counted)
            count_all(rs, st, &st->tally, -1);
        st->selector = set->selector;
        st->template = set->template;
        st->owner = set->meta.owner;
        st->min_ready_s = set->min_ready_s;
        st->group = group_of(rs, set->meta.owner);
        st->tally = (struct tally){ 0 };
        vec_clear(&st->waiting);
        st->counted = true;
        count_all(rs, st, &st->tally, +1);
    }
    sweep(rs, st);
}

/* ---- expectations ------------------------------------------------------- */

void expect_creations(struct set_state *st, int n, sim_time now)
{
    st->expected.set = true;
    st->expected.creations = n;
    vec_clear(&st->expected.deletions);
    st->expected.since = now;
}

void expect_deletions(struct set_state *st, sim_time now)
{
    expect_creations(st, 0, now);
}

void expect_deletion_of(struct replicasets *rs, struct set_state *st,
                        object_uid pod)
{
    vec_push(rs->c->w->arena, &st->expected.deletions, pod);
}

void deletion_observed(struct set_state *st, object_uid pod)
{
    for (size_t i = 0; i < st->expected.deletions.len; i++)
        if (st->expected.deletions.items[i] == pod) {
            vec_swap_remove(&st->expected.deletions, i);
            return;
        }
}

bool expectations_satisfied(const struct set_state *st, sim_time now)
{
    const struct expectations *e = &st->expected;

    return !e->set || (e->creations <= 0 && e->deletions.len == 0) ||
           now - e->since > EXPECTATIONS_TIMEOUT;
}
