/*
 * quota_usage.c - what an object uses of a quota.
 *
 * A pod uses pods, count/pods, and the sums of its requests and limits as the
 * scheduler has them (pod_amounts.c).  A pod that has ended, or whose
 * grace is over twice, uses count/pods only.  Claims use storage, also by
 * class; Services use themselves, node ports and load balancers; everything
 * uses count/RESOURCE.GROUP.
 *
 * Not modelled: hugepages by size of the pod as a whole, VolumeAttributesClass.
 * Source: kubernetes pkg/quota/v1/evaluator/core at v1.36.2; reference 10.1.
 */
#include "models/quota.h"

#include <string.h>

#include "models/claim.h"
#include "models/network.h"
#include "models/pod.h"
#include "models/world.h"

/* ---- pods --------------------------------------------------------------- */

bool quota_counts_pod(const struct world *w, const struct pod *p)
{
    sim_time stamp;             /* deletionTimestamp: with the grace */

    if (p->phase == POD_SUCCEEDED || p->phase == POD_FAILED)
        return false;
    if (!meta_deleting(&p->meta))
        return true;
    stamp = p->meta.deleted + p->meta.grace_s * SIM_S;
    return world_now(w) <= stamp + p->meta.grace_s * SIM_S;
}

static bool is_compute(const char *resource)
{
    return strcmp(resource, "cpu") == 0 || strcmp(resource, "memory") == 0 ||
           strcmp(resource, "ephemeral-storage") == 0 ||
           strncmp(resource, "hugepages-", 10) == 0;
}

/* Requests count as themselves and with a prefix, limits with one only. */
static void add_compute(struct arena *a, struct amounts *out,
                        const struct amounts *requests,
                        const struct amounts *limits)
{
    for (size_t i = 0; i < requests->len; i++) {
        const struct amount *x = &requests->items[i];

        if (is_compute(x->resource))
            amounts_add(a, out, x->resource, x->n);
        amounts_add(a, out, arena_printf(a, "requests.%s", x->resource),
                    x->n);
    }
    for (size_t i = 0; i < limits->len; i++)
        if (is_compute(limits->items[i].resource))
            amounts_add(a, out, arena_printf(a, "limits.%s",
                                             limits->items[i].resource),
                        limits->items[i].n);
}

static void use_pod(const struct world *w, struct arena *a,
                    struct amounts *out, const struct pod *p)
{
    const struct value *spec = value_get(p->template->raw, "spec");
    struct amounts requests, limits;

    if (!quota_counts_pod(w, p))
        return;
    amounts_add(a, out, "pods", quantity_of(1));
    requests = pod_amounts(a, spec, "requests");
    limits = pod_amounts(a, spec, "limits");
    add_compute(a, out, &requests, &limits);
}

/* ---- others ------------------------------------------------------------- */

static void use_service(struct arena *a, struct amounts *out,
                        const struct service *s)
{
    bool balanced = s->type == SERVICE_LOAD_BALANCER;
    const char *ports = value_text(value_at(s->raw,
                              "spec.allocateLoadBalancerNodePorts"), "true");

    amounts_add(a, out, "services", quantity_of(1));
    if (balanced)
        amounts_add(a, out, "services.loadbalancers", quantity_of(1));
    if (s->type == SERVICE_NODE_PORT ||
        (balanced && strcmp(ports, "true") == 0))
        amounts_add(a, out, "services.nodeports",
                    quantity_of((int64_t)s->nports));
}

#define BY_CLASS ".storageclass.storage.k8s.io/"

static void use_claim(struct arena *a, struct amounts *out,
                      const struct claim *c)
{
    struct quantity bytes = quantity_of(c->spec.bytes);

    bytes.binary = true;
    amounts_add(a, out, "persistentvolumeclaims", quantity_of(1));
    amounts_add(a, out, "requests.storage", bytes);
    if (!c->spec.storage_class || !*c->spec.storage_class)
        return;
    amounts_add(a, out, arena_printf(a, "%s" BY_CLASS
                                     "persistentvolumeclaims",
                                     c->spec.storage_class), quantity_of(1));
    amounts_add(a, out, arena_printf(a, "%s" BY_CLASS "requests.storage",
                                     c->spec.storage_class), bytes);
}

/* Kinds that quotas have counted under their plain name ever since. */
static bool has_plain_name(enum kind k)
{
    return k == KIND_SERVICE || k == KIND_RC || k == KIND_QUOTA ||
           k == KIND_SECRET || k == KIND_CONFIGMAP || k == KIND_CLAIM;
}

static const char *count_name(struct arena *a, enum kind k)
{
    return arena_printf(a, "count/%s", kind_group_resource(a, k));
}

struct amounts quota_usage(const struct world *w, struct arena *a,
                           const struct meta *m)
{
    struct amounts out = { 0 };

    amounts_add(a, &out, count_name(a, m->kind), quantity_of(1));
    if (m->kind == KIND_POD)
        use_pod(w, a, &out, pod_seen(m));
    else if (m->kind == KIND_SERVICE)
        use_service(a, &out, service_seen(m));
    else if (m->kind == KIND_CLAIM)
        use_claim(a, &out, claim_seen(m));
    else if (has_plain_name(m->kind))
        amounts_add(a, &out, kind_resource(m->kind), quantity_of(1));
    return out;
}

/* ---- whom a quota is about ---------------------------------------------- */

bool quota_concerns(struct arena *a, enum kind k, const char *resource)
{
    if (strcmp(resource, count_name(a, k)) == 0)
        return true;
    if (k == KIND_POD)
        return strcmp(resource, "pods") == 0 || is_compute(resource) ||
               (strncmp(resource, "requests.", 9) == 0 &&
                strcmp(resource, "requests.storage") != 0) ||
               strncmp(resource, "limits.", 7) == 0;
    if (k == KIND_SERVICE)
        return strcmp(resource, "services") == 0 ||
               strncmp(resource, "services.", 9) == 0;
    if (k == KIND_CLAIM && (strcmp(resource, "requests.storage") == 0 ||
                            strstr(resource, BY_CLASS)))
        return true;
    return has_plain_name(k) && strcmp(resource, kind_resource(k)) == 0;
}

/* Does a term of the pod's affinity look into other namespaces? */
static bool crosses(const struct pod_spec *s)
{
    for (size_t i = 0; i < s->naffinity; i++)
        if (s->affinity[i].spaces)
            return true;
    return false;
}

/* Does the name of the pod's class (NULL: none) satisfy the rule? */
static bool class_fits(const struct requirement *rule, const char *name)
{
    bool listed = false;

    for (size_t i = 0; name && i < rule->len; i++)
        listed |= strcmp(rule->values[i], name) == 0;
    switch (rule->op) {
    case SELECT_IN:
        return listed;
    case SELECT_NOT_IN:
        return !listed;
    case SELECT_ABSENT:
        return !name;
    default:
        return name != NULL;
    }
}

static bool in_scope(const struct quota_scope *s, const struct pod_spec *spec)
{
    bool best_effort = pod_spec_qos(spec) == QOS_BEST_EFFORT;
    bool terminating = spec->active_deadline_s >= 0;

    switch (s->name) {
    case QUOTA_TERMINATING:
        return terminating;
    case QUOTA_NOT_TERMINATING:
        return !terminating;
    case QUOTA_BEST_EFFORT:
        return best_effort;
    case QUOTA_NOT_BEST_EFFORT:
        return !best_effort;
    case QUOTA_PRIORITY_CLASS:
        return class_fits(&s->rule, spec->priority_class);
    case QUOTA_CROSS_NAMESPACE:
        return crosses(spec);
    }
    return false;
}

bool quota_covers(const struct quota *q, const struct meta *m)
{
    if (strcmp(q->meta.space, m->space) != 0 ||
        (q->nscopes > 0 && m->kind != KIND_POD))
        return false;
    for (size_t i = 0; i < q->nscopes; i++)
        if (!in_scope(&q->scopes[i], pod_seen(m)->template->spec))
            return false;
    return true;
}
