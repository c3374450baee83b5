/*
 * eviction.c - the eviction subresource: deleting a pod, budget permitting.
 *
 * A pod that is not running, or is on its way out, is deleted whatever its
 * budget says; so is one that is not Ready, as long as the budget is met
 * without it (or always, if it says AlwaysAllow: 1.36).  Any other takes one of
 * the disruptions that the budget's status allows, and is remembered there
 * until the controller has seen it go.
 *
 * The budget's status is as old as its controller's last sync.  Of two
 * requests at one instant one writes the budget first; the other meets a
 * conflict, waits half a second and reads it again.
 *
 * Source: kubernetes pkg/registry/core/pod/storage/eviction.go at v1.20.2 and
 * v1.36.2; reference 3.6.
 */
#include "models/eviction.h"

#include <string.h>

#include "models/budget.h"
#include "models/pod.h"
#include "models/world.h"

#define RETRY ((uint32_t)(500 * SIM_MS))        /* EvictionsRetry */

/* The budget that covers p; *n is how many do. */
static const struct budget *budget_over(const struct world *w,
                                        const struct pod *p, int *n)
{
    const struct budget *found = NULL;

    *n = 0;
    for (size_t i = 0; i < api_count(w->api, KIND_PDB); i++) {
        const struct budget *b = budget_seen(api_at(w->api, KIND_PDB, i));

        if (strcmp(b->meta.space, p->meta.space) != 0 ||
            !selector_match(b->selector, p->meta.labels))
            continue;
        (*n)++;
        found = b;
    }
    return found;
}

/* Is it no disruption to delete p? */
static bool is_no_loss(const struct pod *p)
{
    return p->phase == POD_PENDING || p->phase == POD_SUCCEEDED ||
           p->phase == POD_FAILED || meta_deleting(&p->meta);
}

/* May p, which is not Ready, go without the budget's leave? */
static bool unready_may_go(const struct world *w, const struct budget *b)
{
    if (b->always_allow && !world_is(w, KUBE_1_20))
        return true;
    return b->status.healthy >= b->status.desired_healthy &&
           b->status.desired_healthy > 0;
}

/* Take one of the allowed disruptions for p. */
static void take(struct world *w, const struct budget *b, const struct pod *p)
{
    struct budget *draft = budget_of(api_draft(w->api, &b->meta));
    struct disruption *list = arena_many(w->arena, struct disruption,
                                         b->ndisrupted + 1);

    if (b->ndisrupted > 0)
        memcpy(list, b->disrupted, b->ndisrupted * sizeof(*list));
    list[b->ndisrupted] = (struct disruption){ p->meta.uid, world_now(w) };
    draft->disrupted = list;
    draft->ndisrupted = b->ndisrupted + 1;
    draft->status.allowed--;
    api_update_status(w->api, &draft->meta, NULL, NULL);
}

static enum api_code refuse(const char **reason, enum api_code code,
                            const char *why)
{
    if (reason)
        *reason = why;
    return code;
}

/* Delete p; 1.36 says in its status why. */
static enum api_code remove_pod(struct world *w, const struct pod *p,
                                int grace_s)
{
    object_uid uid = p->meta.uid;
    struct pod *draft;

    if (!world_is(w, KUBE_1_20) && !meta_deleting(&p->meta)) {
        draft = pod_of(api_draft(w->api, &p->meta));
        draft->disruption = "EvictionByEvictionAPI";
        api_update_status(w->api, &draft->meta, NULL, NULL);
    }
    return api_delete(w->api, uid, grace_s);
}

struct eviction eviction_read(struct world *w, object_uid pod, int grace_s)
{
    const struct meta *m = api_get(w->api, pod);
    struct eviction e = { .pod = pod, .grace_s = grace_s };
    const struct budget *b = m ? budget_over(w, pod_seen(m), &e.budgets)
                               : NULL;

    if (b)
        e.budget = arena_memdup(w->arena, b, sizeof(*b));
    return e;
}

/* May p go?  API_OK with *costs set: one of the allowed disruptions is to be
 * taken. */
static enum api_code judge(const struct world *w, const struct eviction *e,
                           const struct pod *p, bool *costs,
                           const char **reason)
{
    const struct budget *b = e->budget;

    *costs = false;
    if (is_no_loss(p) || e->budgets == 0)
        return API_OK;
    if (e->budgets > 1)
        return refuse(reason, API_SERVER_ERROR, "This pod has more than one "
                      "PodDisruptionBudget, which the eviction subresource "
                      "does not support.");
    if (!p->ready && unready_may_go(w, b))
        return API_OK;
    if (b->observed_generation < b->meta.generation)
        return refuse(reason, API_TOO_MANY, "Cannot evict pod as it would "
                      "violate the pod's disruption budget. The disruption "
                      "budget is still being processed by the server.");
    if (b->status.allowed <= 0)
        return refuse(reason, API_TOO_MANY, "Cannot evict pod as it would "
                      "violate the pod's disruption budget.");
    *costs = true;
    return API_OK;
}

bool eviction_allowed(const struct world *w, const struct eviction *e)
{
    const struct meta *m = api_get(w->api, e->pod);
    bool costs;

    return m && judge(w, e, pod_seen(m), &costs, NULL) == API_OK;
}

enum api_code eviction_commit(struct world *w, const struct eviction *e,
                              const char **reason)
{
    const struct meta *m = api_get(w->api, e->pod), *newest;
    enum api_code code;
    bool costs;

    if (!m)
        return refuse(reason, API_NOT_FOUND, "pod not found");
    code = judge(w, e, pod_seen(m), &costs, reason);
    if (code != API_OK)
        return code;
    if (costs) {
        newest = api_get(w->api, e->budget->meta.uid);
        if (!newest || newest->version != e->budget->meta.version)
            return refuse(reason, API_CONFLICT, "the budget has been "
                          "modified");
        take(w, budget_seen(newest), pod_seen(m));
    }
    return remove_pod(w, pod_seen(api_get(w->api, e->pod)), e->grace_s);
}

sim_time eviction_retry(struct stream *luck)
{
    return RETRY + (sim_time)stream_below(luck, RETRY / 10);
}
