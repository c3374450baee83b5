/*
 * deployment_fresh.c - the fresh ReplicaSet of a Deployment, and revisions.
 *
 * The fresh set is the oldest one that has the Deployment's template, the
 * label pod-template-hash apart.  If there is none it is made, with the size
 * that surge allows and the next revision.  If there is one (after an undo),
 * it is taken as it is and renumbered: its revision becomes one more than the
 * highest of the others, the number it had goes to revision-history.  The
 * Deployment's own revision annotation follows one sync later.
 *
 * The name is made from a hash of the template; if another object has it, the
 * Deployment's collision count makes another hash.
 *
 * Source: kubernetes pkg/controller/deployment/sync.go (getNewReplicaSet) and
 * util/deployment_util.go at v1.36.2; reference 1.5.
 */
#include "deployment_impl.h"

#include <stdio.h>
#include <string.h>

#include "base/bug.h"

#define HASH_LABEL "pod-template-hash"
#define NAME_MOST 253           /* characters of an object's name */
#define HISTORY_MOST 2000       /* characters of revision-history */

/* ---- revisions ---------------------------------------------------------- */

/* old history + "," + revision, without its oldest entries if too long. */
static const char *longer_history(struct arena *a, const char *history,
                                  int64_t revision)
{
    char number[24];

    snprintf(number, sizeof(number), "%lld", (long long)revision);
    if (!history || !*history)
        return arena_strdup(a, number);
    while (strlen(history) + strlen(number) + 1 > HISTORY_MOST) {
        history = strchr(history, ',');
        if (!history)
            return arena_strdup(a, number);
        history++;
    }
    return arena_printf(a, "%s,%s", history, number);
}

bool replicaset_set_revision(struct replicaset *set, int64_t revision,
                             struct arena *a)
{
    if (set->revision >= revision)
        return false;
    if (set->revision > 0)
        set->revision_history = longer_history(a, set->revision_history,
                                               set->revision);
    set->revision = revision;
    return true;
}

static int64_t next_revision(const struct work *k)
{
    int64_t most = 0;

    for (size_t i = 0; i < k->nolds; i++)
        if (k->olds[i]->revision > most)
            most = k->olds[i]->revision;
    return most + 1;
}

/* Annotations that a Deployment keeps to itself. */
static bool is_bookkeeping(const char *key)
{
    static const char *const keys[] = {
        "kubectl.kubernetes.io/last-applied-configuration",
        "deployment.kubernetes.io/revision",
        "deployment.kubernetes.io/revision-history",
        "deployment.kubernetes.io/desired-replicas",
        "deployment.kubernetes.io/max-replicas",
        "deprecated.deployment.rollback.to",
    };

    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

/* Copy the Deployment's other annotations; true if any was new. */
static bool copy_annotations(struct work *k, struct replicaset *set)
{
    const struct labels *mine = k->p->d.meta.annotations;
    bool changed = false;

    for (size_t i = 0; mine && i < mine->len; i++) {
        const char *key = mine->items[i].key, *value = mine->items[i].value;
        const char *has = labels_get(set->meta.annotations, key);

        if (is_bookkeeping(key) || (has && strcmp(has, value) == 0))
            continue;
        set->meta.annotations = labels_with(k->v->keep, set->meta.annotations,
                                            key, value);
        changed = true;
    }
    return changed;
}

/* ---- the fresh set ------------------------------------------------------ */

static void set_fresh(struct work *k, const struct replicaset *set)
{
    CHECK(k->place <= k->nall);
    k->fresh = set;
    k->all[k->place] = set;
}

static void progress(struct work *k, const char *reason, const char *what)
{
    condition_set(&k->p->d.progressing, CONDITION_TRUE, reason,
                  plan_text(k, NULL, what, k->fresh->meta.name, ""),
                  k->v->now);
}

/* The set is there: bring its bookkeeping up to date, or else the
 * Deployment's own. */
static void reuse_fresh(struct work *k)
{
    struct deployment *d = &k->p->d;
    struct replicaset *set = plan_edit(k, k->found);
    bool changed = copy_annotations(k, set);

    changed |= replicaset_set_revision(set, next_revision(k), k->v->keep);
    if (changed || set->min_ready_s != d->min_ready_s) {
        struct deployment_write *w = plan_write(k, SET_UPDATE);

        set->min_ready_s = d->min_ready_s;
        w->base = k->found;
        w->set = set;
        w->from = w->to = set->replicas;
        set_fresh(k, set);
        return;
    }
    set_fresh(k, k->found);
    if (d->revision != set->revision)
        changed = true;
    d->revision = set->revision;
    if (deployment_has_deadline(d) &&
        d->progressing.status == CONDITION_ABSENT) {
        progress(k, "FoundNewReplicaSet", "Found new replica set");
        changed = true;
    }
    if (changed)
        plan_status(k);
}

static struct replicaset *make_fresh(struct work *k)
{
    struct arena *keep = k->v->keep;
    const struct deployment *d = &k->p->d;
    const char *hash = pod_template_hash(keep, d->template, d->collisions);
    int room = NAME_MOST - 1 - (int)strlen(hash);
    struct replicaset *set = arena_make(k->v->scratch, struct replicaset);

    set->meta.kind = KIND_REPLICASET;
    set->meta.space = d->meta.space;
    set->meta.name = arena_printf(keep, "%.*s-%s", room, d->meta.name, hash);
    set->meta.owner = d->meta.uid;
    set->meta.deleted = SIM_NEVER;
    set->template = pod_template_with_label(keep, d->template, HASH_LABEL,
                                            hash);
    set->meta.labels = set->template->labels;
    set->selector = selector_with(keep, d->selector, HASH_LABEL, hash);
    set->min_ready_s = d->min_ready_s;
    set->replicas = deployment_fresh_size(d, sets_size(k->olds, k->nolds), 0);
    set->desired = d->replicas;
    set->max = deployment_max_total(d);
    copy_annotations(k, set);
    replicaset_set_revision(set, next_revision(k), keep);
    return set;
}

static void create_fresh(struct work *k)
{
    struct deployment *d = &k->p->d;
    struct replicaset *set = make_fresh(k);
    struct deployment_write *w = plan_write(k, SET_CREATE);
    bool changed = d->revision != set->revision;

    w->set = set;
    w->to = set->replicas;
    set_fresh(k, set);
    k->nall++;
    d->revision = set->revision;
    if (deployment_has_deadline(d)) {
        progress(k, "NewReplicaSetCreated", "Created new replica set");
        changed = true;
    }
    if (changed)
        plan_status(k);
}

void fresh_sync(struct work *k, bool create)
{
    if (k->found)
        reuse_fresh(k);
    else if (create)
        create_fresh(k);
}

void fresh_find(struct work *k)
{
    const struct deployment_view *v = k->v;

    k->all = arena_many(v->scratch, const struct replicaset *,
                        v->nsets + 1);
    k->olds = arena_many(v->scratch, const struct replicaset *, v->nsets);
    k->nall = k->place = v->nsets;
    for (size_t i = 0; i < v->nsets; i++) {
        const struct replicaset *set = v->sets[i];

        k->all[i] = set;
        if (!k->found &&
            set->template->identity == v->seen->template->identity) {
            k->found = k->fresh = set;
            k->place = i;
        } else {
            k->olds[k->nolds++] = set;
        }
    }
}
