/*
 * quota.c - admission by ResourceQuota: what does not fit is refused.
 *
 * A new object must fit into every quota of its namespace that is about it:
 * usage and what it adds may not exceed what is in force.  All of them, or
 * none, are charged, in their status, at once.  A pod must say how much it
 * wants of the cpu and memory that a quota limits.  Only what the quota
 * controller has counted is in force.
 *
 * Source: kubernetes apiserver pkg/admission/plugin/resourcequota/controller.go
 * and pkg/quota/v1/evaluator/core/pods.go at v1.36.2 and v1.20.2; reference
 * 10.1.
 */
#include <stdlib.h>
#include <string.h>

#include "admission.h"
#include "base/bug.h"
#include "base/text.h"
#include "models/pod.h"
#include "models/quota.h"
#include "models/world.h"

/* "pods=1,requests.cpu=100m": those of the names in `only`. */
static const char *pretty(struct arena *a, const struct amounts *s,
                          const struct amounts *only)
{
    struct buf text = { 0 };
    const char *out;

    for (size_t i = 0; i < s->len; i++)
        if (amounts_get(only, s->items[i].resource))
            buf_printf(&text, "%s%s=%s", text.len ? "," : "",
                       s->items[i].resource,
                       format_quantity(a, s->items[i].n));
    out = arena_strdup(a, text.text ? text.text : "");
    buf_free(&text);
    return out;
}

/* ---- requests and limits that must be there ----------------------------- */

/* Does a container say how much it wants of this resource? */
static bool says(const struct value *container, const char *resource)
{
    bool limit = strncmp(resource, "limits.", 7) == 0;
    const char *dot = strchr(resource, '.');
    const char *name = dot ? dot + 1 : resource;
    const struct value *all = value_get(container, "resources");

    if (value_get(value_get(all, "limits"), name))
        return true;            /* a request is copied from it */
    return !limit && value_get(value_get(all, "requests"), name);
}

/* The names of the containers that do not. */
static void silent(const struct value *containers, const char *resource,
                   struct buf *names)
{
    for (size_t i = 0; containers && i < containers->len; i++)
        if (!says(containers->u.items[i], resource))
            buf_printf(names, "%s%s", names->len ? "," : "",
                       value_text(value_get(containers->u.items[i], "name"),
                                  ""));
}

/* What the containers of a pod must specify and do not; NULL if nothing. */
static const char *missing(struct world *w, const struct pod *p,
                           const struct amounts *hard)
{
    static const char *const named[] = { "cpu", "limits.cpu", "limits.memory",
                                         "memory", "requests.cpu",
                                         "requests.memory" };
    const struct value *spec = value_get(p->template->raw, "spec");
    bool plain = world_is(w, KUBE_1_20);
    struct buf text = { 0 };
    const char *out;

    for (size_t i = 0; i < COUNT_OF(named); i++) {
        struct buf names = { 0 };

        if (!amounts_get(hard, named[i]))
            continue;
        silent(value_get(spec, "containers"), named[i], &names);
        silent(value_get(spec, "initContainers"), named[i], &names);
        if (names.len && plain)
            buf_printf(&text, "%s%s", text.len ? "," : "", named[i]);
        else if (names.len)
            buf_printf(&text, "%s%s for: %s", text.len ? "; " : "", named[i],
                       names.text);
        buf_free(&names);
    }
    out = text.len ? arena_strdup(w->arena, text.text) : NULL;
    buf_free(&text);
    return out;
}

/* ---- one quota ---------------------------------------------------------- */

/* What of the usage the quota limits. */
static struct amounts limited(struct arena *a, const struct quota *q,
                              const struct amounts *delta)
{
    struct amounts s = { 0 };

    for (size_t i = 0; i < delta->len; i++)
        if (amounts_get(&q->in_force, delta->items[i].resource))
            amounts_add(a, &s, delta->items[i].resource, delta->items[i].n);
    return s;
}

/* What would be used afterwards. */
static struct amounts charged(struct arena *a, const struct quota *q,
                              const struct amounts *more)
{
    struct amounts s = { 0 };

    amounts_add_all(a, &s, &q->used);
    amounts_add_all(a, &s, more);
    return s;
}

/* Those of `more` that are too much. */
static struct amounts exceeded(struct arena *a, const struct quota *q,
                               const struct amounts *more)
{
    struct amounts after = charged(a, q, more), s = { 0 };

    for (size_t i = 0; i < more->len; i++) {
        const char *name = more->items[i].resource;

        if (amounts_get(&after, name)->nano >
            amounts_get(&q->in_force, name)->nano)
            amounts_add(a, &s, name, more->items[i].n);
    }
    return s;
}

static enum api_code check(struct world *w, const struct quota *q,
                           const struct meta *m, const struct amounts *delta,
                           bool fresh, const char **reason)
{
    struct arena *a = w->arena;
    struct amounts more = limited(a, q, delta), over;
    const char *why = fresh && m->kind == KIND_POD
                          ? missing(w, pod_seen(m), &q->in_force) : NULL;

    if (why)
        return admission_forbid(w, m, reason, "failed quota: %s: must specify "
                                "%s", q->meta.name, why);
    over = exceeded(a, q, &more);
    if (over.len == 0)
        return API_OK;
    return admission_forbid(w, m, reason, "exceeded quota: %s, requested: %s, "
                            "used: %s, limited: %s", q->meta.name,
                            pretty(a, &over, &over), pretty(a, &q->used, &over),
                            pretty(a, &q->in_force, &over));
}

static void charge(struct world *w, const struct quota *q,
                   const struct amounts *delta)
{
    struct amounts more = limited(w->arena, q, delta);
    struct quota *draft;

    if (more.len == 0)
        return;
    draft = quota_of(api_draft(w->api, &q->meta));
    draft->used = charged(w->arena, q, &more);
    api_update_status(w->api, &draft->meta, NULL, NULL);
}

/* ---- all of them -------------------------------------------------------- */

/* What the write adds; of an update, what is more than before. */
static struct amounts delta_of(struct world *w, const struct meta *old,
                               const struct meta *m)
{
    struct amounts now = quota_usage(w, w->arena, m), was = { 0 };
    struct amounts delta = { 0 };

    if (old)
        was = quota_usage(w, w->arena, old);
    for (size_t i = 0; i < now.len; i++) {
        struct amount x = now.items[i];
        const struct quantity *before = amounts_get(&was, x.resource);

        x.n.nano -= before ? before->nano : 0;
        if (x.n.nano > 0)
            amounts_add(w->arena, &delta, x.resource, x.n);
    }
    return delta;
}

/* Updates of the others change no usage. */
static bool is_charged(const struct meta *old, const struct meta *m)
{
    return kind_ops_of(m->kind)->namespaced &&
           (!old || m->kind == KIND_SERVICE || m->kind == KIND_CLAIM);
}

static enum api_code admit(struct world *w, const struct meta *old,
                           struct meta *draft, const char **reason)
{
    size_t n = api_count(w->api, KIND_QUOTA);
    struct amounts delta;

    if (n == 0 || !is_charged(old, draft))
        return API_OK;
    delta = delta_of(w, old, draft);
    for (size_t i = 0; i < n; i++) {
        const struct quota *q = quota_seen(api_at(w->api, KIND_QUOTA, i));
        enum api_code code = quota_covers(q, draft)
                                 ? check(w, q, draft, &delta, !old, reason)
                                 : API_OK;

        if (code != API_OK)
            return code;
    }
    for (size_t i = 0; i < n; i++) {
        const struct quota *q = quota_seen(api_at(w->api, KIND_QUOTA, i));

        if (quota_covers(q, draft))
            charge(w, q, &delta);
    }
    return API_OK;
}

const struct admission admission_quota = {
    .name = "ResourceQuota",
    .doc = "refuses what exceeds a ResourceQuota",
    .admit = admit,
};
