/*
 * rollout.c - the release: how far it is, what it costs, how it is undone.
 *
 * Pods are counted per version as the API server has them, from creation to
 * removal.  From the release on, the pods of the old and of the new version
 * together (the application) are compared with those at that instant: most
 * pods at once, ready pods least, pod-, cpu- and memory-seconds in excess.
 * It is complete when `kubectl rollout status` would say so of the new
 * template.  Of several clusters the pods of all are counted together; the release
 * begins in the first that gets it, and is complete in the last.
 *
 * A restart releases the same images again: then old and new cannot be told
 * apart, and what would compare them is undefined.
 */
#include <string.h>

#include "measure_impl.h"
#include "models/pod.h"
#include "models/rollout.h"

/* ---- pods --------------------------------------------------------------- */

static struct fleet *fleet_of(struct measure *m, const struct version *v)
{
    struct rollout *r = &m->rollout;

    while (r->fleets.len <= v->index)
        vec_push(m->w->arena, &r->fleets, (struct fleet){ 0 });
    return &r->fleets.items[v->index];
}

static void count_pod(struct measure *m, const struct meta *meta, int sign)
{
    const struct pod *p = pod_seen(meta);
    struct fleet *f = fleet_of(m, traffic_version(m->w, p->template));

    f->pods += sign;
    f->ready += p->ready && !meta_deleting(meta) ? sign : 0;
    f->cpu_milli += sign * p->template->spec->cpu_milli;
    f->memory_bytes += sign * p->template->spec->memory_bytes;
}

/* Old and new pods together. */
static struct fleet application(struct measure *m)
{
    struct rollout *r = &m->rollout;
    struct fleet sum = { 0 };

    if (r->old)
        sum = *fleet_of(m, r->old);
    if (r->new_ && r->new_ != r->old) {
        struct fleet f = *fleet_of(m, r->new_);

        sum.pods += f.pods;
        sum.ready += f.ready;
        sum.cpu_milli += f.cpu_milli;
        sum.memory_bytes += f.memory_bytes;
    }
    return sum;
}

static void pods_changed(struct measure *m)
{
    struct rollout *r = &m->rollout;
    sim_time now = world_now(m->w);
    struct fleet f;

    if (r->released == SIM_NEVER)
        return;
    f = application(m);
    level_set(&r->pods, now, (double)f.pods);
    level_set(&r->ready, now, (double)f.ready);
    level_set(&r->cpu, now, (double)f.cpu_milli / 1000);
    level_set(&r->memory, now, (double)f.memory_bytes / (1 << 30));
    if (!r->old || r->old == r->new_)
        return;
    if (fleet_of(m, r->old)->pods > 0)
        r->old_gone = SIM_NEVER;
    else if (r->old_gone == SIM_NEVER)
        r->old_gone = now;
}

/* ---- the release -------------------------------------------------------- */

static struct here *here(const struct world *w)
{
    return &w->measure->rollout.here[w->place];
}

/* From now on all is compared with what there is. */
static void begin(struct measure *m, const struct pod_template *old)
{
    struct rollout *r = &m->rollout;
    sim_time now = world_now(m->w);

    r->released = now;
    r->old = old ? traffic_version(m->w, old) : NULL;
    r->before = application(m);
    level_start(&r->pods, now, (double)r->before.pods);
    level_start(&r->ready, now, (double)r->before.ready);
    level_start(&r->cpu, now, (double)r->before.cpu_milli / 1000);
    level_start(&r->memory, now, (double)r->before.memory_bytes / (1 << 30));
}

static void release(struct world *w, const struct pod_template *old,
                    const struct pod_template *new_)
{
    struct measure *m = w->measure;
    struct rollout *r = &m->rollout;

    here(w)->released = true;
    if (new_) {
        r->new_ = traffic_version(w, new_);
        here(w)->identity = new_->identity;
    }
    if (r->released == SIM_NEVER)
        begin(m, old);
    outage_recount(m);
    pods_changed(m);
}

void measure_release(struct world *w, const struct pod_template *old,
                     const struct pod_template *new_)
{
    struct rollout *r = &w->measure->rollout;

    if (!here(w)->released || (!r->new_ && new_))
        release(w, old, new_);
}

void measure_release_begins(struct world *w, const struct pod_template *old)
{
    here(w)->released = true;
    if (w->measure->rollout.released == SIM_NEVER)
        begin(w->measure, old);
}

bool measure_released(const struct world *w)
{
    return here(w)->released;
}

/* Is this the custom resource that the scenario releases? */
static bool is_custom(const struct world *w, const struct meta *any)
{
    const struct release_spec *spec = &w->spec->release;

    return any && any->kind == KIND_CUSTOM && spec->custom &&
           strcmp(spec->custom, any->name) == 0 &&
           strcmp(spec->space ? spec->space : "default", any->space) == 0;
}

/* Its spec has changed: the release begins, before any of its workloads. */
static void custom_changed(struct world *w, const struct meta *before,
                           const struct meta *after)
{
    const struct pod_template *old = NULL;
    size_t n;
    const object_uid *uids = api_owned(w->api, after->uid, &n);

    if (before->generation == after->generation || meta_deleting(after) ||
        world_now(w) < w->measure->from || !is_custom(w, after))
        return;
    for (size_t i = 0; !old && i < n; i++) {
        const struct meta *owned = api_get(w->api, uids[i]);

        if (kind_rolls_out(owned->kind))
            old = rollout_template(owned);
    }
    measure_release_begins(w, old);
}

/* Is this the workload that the scenario releases (any, if it does not
 * say)? */
static bool is_released(const struct world *w, const struct meta *workload)
{
    const struct release_spec *spec = &w->spec->release;
    char kind[64];
    const char *slash;

    if (!spec->given || !spec->workload)
        return true;
    if (spec->custom)
        return workload->owner != 0 &&
               is_custom(w, api_get(w->api, workload->owner));
    slash = strchr(spec->workload, '/');
    if (!slash || (size_t)(slash - spec->workload) >= sizeof(kind))
        return false;
    memcpy(kind, spec->workload, (size_t)(slash - spec->workload));
    kind[slash - spec->workload] = '\0';
    return (kind_by_resource(kind) == workload->kind ||
            workload->kind == KIND_ROLLOUT) &&
           strcmp(spec->space ? spec->space : "default",
                  workload->space) == 0 &&
           strcmp(slash + 1, workload->name) == 0;
}

static bool is_judged_elsewhere(const struct measure *m,
                                const struct meta *workload)
{
    for (const struct judged *j = m->rollout.judged; j; j = j->next)
        if (j->kind == workload->kind &&
            strcmp(j->space, workload->space) == 0 &&
            strcmp(j->name, workload->name) == 0)
            return true;
    return false;
}

void measure_judged_elsewhere(struct world *w, enum kind kind,
                              const char *space, const char *name)
{
    struct judged *j = arena_make(w->arena, struct judged);

    *j = (struct judged){ kind, space, name, w->measure->rollout.judged };
    w->measure->rollout.judged = j;
}

/* All of it is, once every cluster that gets it has it. */
static void complete(struct world *w)
{
    struct rollout *r = &w->measure->rollout;

    here(w)->complete = true;
    if (++r->complete == clusters_releasing(w))
        r->completed = world_now(w);
    clusters_completed(w);
}

void measure_completed(struct world *w)
{
    if (here(w)->released && !here(w)->complete)
        complete(w);
}

void measure_flag(struct world *w, bool some, bool all)
{
    struct rollout *r = &w->measure->rollout;

    outage_count(w->measure);
    r->flag_some = some;
    r->flag_all = all;
    if (all)
        measure_completed(w);
    rollout_look(w->measure);
}

/* A Deployment, StatefulSet or DaemonSet was written. */
static void workload_changed(struct world *w, const struct meta *before,
                             const struct meta *after)
{
    const struct measure *m = w->measure;
    struct here *h = here(w);
    const struct pod_template *old = rollout_template(before);
    const struct pod_template *now = rollout_template(after);

    if (h->workload == 0 && world_now(w) >= m->from &&
        old->identity != now->identity && is_released(w, after)) {
        release(w, old, now);
        h->workload = after->uid;
    }
    if (!h->complete && h->workload == after->uid &&
        !is_judged_elsewhere(m, after) &&
        now->identity == h->identity &&
        rollout_status_of(w->arena, after).done)
        complete(w);
}

void measure_commit(struct world *w, const struct meta *before,
                    const struct meta *after)
{
    const struct meta *any = after ? after : before;
    struct measure *m = w->measure;

    if (before && after && kind_rolls_out(any->kind))
        workload_changed(w, before, after);
    if (before && after && any->kind == KIND_CUSTOM)
        custom_changed(w, before, after);
    if (any->kind != KIND_POD)
        return;
    if (before)
        count_pod(m, before, -1);
    if (after)
        count_pod(m, after, 1);
    pods_changed(m);
    rollout_look(m);
}

/* ---- rolling back ------------------------------------------------------- */

void measure_rollback_decided(struct world *w)
{
    struct rollout *r = &w->measure->rollout;

    if (r->decided == SIM_NEVER)
        r->decided = world_now(w);
    rollout_look(w->measure);
}

void measure_decided(struct world *w, enum decision decision, double better)
{
    struct rollout *r = &w->measure->rollout;

    if (r->tested != SIM_NEVER)
        return;
    r->tested = world_now(w);
    r->decision = decision;
    r->better = better;
}

/* Is the old version at full capacity and serving everything? */
void rollout_look(struct measure *m)
{
    struct rollout *r = &m->rollout;

    if (r->decided == SIM_NEVER || r->restored != SIM_NEVER || !r->old)
        return;
    if (fleet_of(m, r->old)->ready >= r->before.ready &&
        m->outage.closed == 0 && m->outage.reach_new == 0 &&
        !r->flag_some)
        r->restored = world_now(m->w);
}

void rollout_new(struct measure *m)
{
    struct rollout *r = &m->rollout;

    r->here = arena_many(m->w->arena, struct here, clusters_count(m->w));
    r->released = r->completed = r->old_gone = SIM_NEVER;
    r->decided = r->restored = r->tested = SIM_NEVER;
    r->first_bad = r->last_new = SIM_NEVER;
}
