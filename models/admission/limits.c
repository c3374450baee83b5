/*
 * limits.c - admission by LimitRange: defaults for what containers do not say,
 * and bounds for what they do.
 *
 * First each container of a new pod gets the default limits and requests of
 * the namespace that it lacks (a request it lacks is its own limit, if it has
 * one); then containers, the pod as a whole and new claims are held to min,
 * max and the largest ratio of limit to request.  Pods that run are left alone.
 *
 * Source: plugin/pkg/admission/limitranger at v1.36.2; reference 10.2.
 */
#include <string.h>

#include "admission.h"
#include "base/map.h"
#include "base/text.h"
#include "base/vec.h"
#include "models/claim.h"
#include "models/limitrange.h"
#include "models/pod.h"
#include "models/world.h"

/* Templates with the defaults in: the same for all pods of a set. */
struct limited {
    uint64_t newest;            /* version of a LimitRange */
    size_t ranges;
    struct map templates;       /* given -> completed */
};

typedef VEC(const char *) sentences;

/* ---- defaults ----------------------------------------------------------- */

/* v with a resource set where it is missing. */
static const struct value *with(struct arena *a, const struct value *v,
                                const char *which, const struct amount *x)
{
    return value_set(a, v, arena_printf(a, "resources.%s.\"%s\"", which,
                                        x->resource),
                     value_string(a, format_quantity(a, x->n), NULL));
}

static const struct value *complete_container(struct arena *a,
                                              const struct value *v,
                                              const struct limit_item *item)
{
    struct amounts limits = container_amounts(a, v, "limits");
    struct amounts requests = container_amounts(a, v, "requests");

    for (size_t i = 0; i < requests.len; i++)   /* as pods are defaulted */
        v = with(a, v, "requests", &requests.items[i]);
    for (size_t i = 0; i < item->limit.len; i++)
        if (!amounts_get(&limits, item->limit.items[i].resource))
            v = with(a, v, "limits", &item->limit.items[i]);
    for (size_t i = 0; i < item->request.len; i++)
        if (!amounts_get(&requests, item->request.items[i].resource))
            v = with(a, v, "requests", &item->request.items[i]);
    return v;
}

/* The template's raw with one item's defaults in all containers of a list. */
static const struct value *complete_list(struct arena *a,
                                         const struct value *raw,
                                         const char *list,
                                         const struct limit_item *item)
{
    const char *path = arena_printf(a, "spec.%s", list);
    const struct value *all = value_at(raw, path);
    const struct value **items;

    if (!all || all->type != VALUE_LIST)
        return raw;
    items = arena_many(a, const struct value *, all->len);
    for (size_t i = 0; i < all->len; i++)
        items[i] = complete_container(a, all->u.items[i], item);
    return value_set(a, raw, path, value_list(a, items, all->len,
                                              &all->mark));
}

static const struct value *completed(struct world *w, const char *space,
                                     const struct value *raw)
{
    for (size_t i = api_count(w->api, KIND_LIMITRANGE); i-- > 0;) {
        const struct limit_range *l =
            limit_range_seen(api_at(w->api, KIND_LIMITRANGE, i));

        if (strcmp(l->meta.space, space) != 0)
            continue;
        for (size_t k = l->len; k-- > 0;) {
            if (l->items[k].type != LIMIT_CONTAINER)
                continue;
            raw = complete_list(w->arena, raw, "containers", &l->items[k]);
            raw = complete_list(w->arena, raw, "initContainers",
                                &l->items[k]);
        }
    }
    return raw;
}

/* Completed templates as of now. */
static struct map *cache_of(struct world *w)
{
    size_t n = api_count(w->api, KIND_LIMITRANGE);
    uint64_t newest = 0;

    for (size_t i = 0; i < n; i++) {
        uint64_t version = api_at(w->api, KIND_LIMITRANGE, i)->version;

        newest = version > newest ? version : newest;
    }
    if (!w->limited || w->limited->newest != newest ||
        w->limited->ranges != n) {
        w->limited = arena_make(w->arena, struct limited);
        w->limited->newest = newest;
        w->limited->ranges = n;
        map_init(&w->limited->templates, w->arena);
    }
    return &w->limited->templates;
}

/* Give the pod the defaults; it stays a pod of its template's revision. */
static enum api_code set_defaults(struct world *w, struct pod *p,
                                  const char **reason)
{
    struct map *cache = cache_of(w);
    const struct pod_template *given = p->template;
    struct pod_template *t = map_get_number(cache, (uintptr_t)given);
    struct err_list errors;

    if (!t) {
        err_init(&errors, w->arena);
        t = arena_memdup(w->arena, pod_template_from(
            w->arena, completed(w, p->meta.space, given->raw), "", &errors),
            sizeof(*t));
        if (errors.errors) {
            *reason = arena_printf(w->arena, "Pod \"%s\" is invalid: %s: "
                                   "Invalid value: %s", p->meta.name,
                                   errors.items[0].path,
                                   errors.items[0].text);
            return API_INVALID;
        }
        t->identity = given->identity;
        t->revision_key = given->revision_key;
        map_put_number(cache, (uintptr_t)given, t);
    }
    p->template = t;
    return API_OK;
}

/* ---- bounds ------------------------------------------------------------- */

struct bounds {                 /* of one container, pod or claim */
    struct arena *a;
    const char *type;
    const struct limit_item *item;
    const struct amounts *requests, *limits;
    sentences *out;
};

static void say(const struct bounds *b, const char *bound,
                const struct amount *x, const char *rest,
                const struct quantity *n)
{
    vec_push(b->a, b->out,
             arena_printf(b->a, "%s %s usage per %s is %s%s%s", bound,
                          x->resource, b->type, format_quantity(b->a, x->n),
                          rest, n ? format_quantity(b->a, *n) : ""));
}

static void check_min(const struct bounds *b, const struct amount *x)
{
    const struct quantity *request = amounts_get(b->requests, x->resource);
    const struct quantity *limit = amounts_get(b->limits, x->resource);

    if (!request)
        say(b, "minimum", x, ".  No request is specified", NULL);
    else if (request->nano < x->n.nano)
        say(b, "minimum", x, ", but request is ", request);
    else if (limit && limit->nano < x->n.nano)
        say(b, "minimum", x, ", but limit is ", limit);
}

/* Claims have no limits. */
static void check_max(const struct bounds *b, const struct amount *x)
{
    const struct quantity *request = amounts_get(b->requests, x->resource);
    const struct quantity *limit = amounts_get(b->limits, x->resource);

    if (!limit && b->item->type != LIMIT_CLAIM)
        say(b, "maximum", x, ".  No limit is specified", NULL);
    else if (limit && limit->nano > x->n.nano)
        say(b, "maximum", x, ", but limit is ", limit);
    else if (request && request->nano > x->n.nano)
        say(b, "maximum", x, ", but request is ", request);
}

static void check_ratio(const struct bounds *b, const struct amount *x)
{
    const struct quantity *request = amounts_get(b->requests, x->resource);
    const struct quantity *limit = amounts_get(b->limits, x->resource);
    const char *most = arena_printf(b->a, "%s max limit to request ratio per "
                                    "%s is %s, but", x->resource, b->type,
                                    format_quantity(b->a, x->n));
    double ratio;

    if (!request || request->nano == 0) {
        vec_push(b->a, b->out, arena_printf(b->a, "%s no request is specified "
                                            "or request is 0", most));
        return;
    }
    if (!limit || limit->nano == 0) {
        vec_push(b->a, b->out, arena_printf(b->a, "%s no limit is specified "
                                            "or limit is 0", most));
        return;
    }
    ratio = (double)limit->nano / (double)request->nano;
    if (ratio > (double)x->n.nano / NS_PER_S)
        vec_push(b->a, b->out, arena_printf(b->a, "%s provided ratio is %f",
                                            most, ratio));
}

static void check_bounds(const struct bounds *b)
{
    for (size_t i = 0; i < b->item->min.len; i++)
        check_min(b, &b->item->min.items[i]);
    for (size_t i = 0; i < b->item->max.len; i++)
        check_max(b, &b->item->max.items[i]);
    for (size_t i = 0; i < b->item->ratio.len; i++)
        check_ratio(b, &b->item->ratio.items[i]);
}

static void check_containers(struct arena *a, const struct limit_item *item,
                             const struct value *list, sentences *out)
{
    for (size_t i = 0; list && i < list->len; i++) {
        struct amounts requests = container_amounts(a, list->u.items[i],
                                                    "requests");
        struct amounts limits = container_amounts(a, list->u.items[i],
                                                  "limits");

        check_bounds(&(struct bounds){ a, limit_type_names[item->type], item,
                                       &requests, &limits, out });
    }
}

static void check_item(struct arena *a, const struct limit_item *item,
                       const struct meta *m, sentences *out)
{
    const struct value *spec;
    struct amounts requests = { 0 }, limits = { 0 };

    if (m->kind == KIND_CLAIM && item->type == LIMIT_CLAIM) {
        struct quantity bytes = quantity_of(claim_seen(m)->spec.bytes);

        bytes.binary = true;
        amounts_add(a, &requests, "storage", bytes);
    } else if (m->kind == KIND_POD && item->type != LIMIT_CLAIM) {
        spec = value_get(pod_seen(m)->template->raw, "spec");
        if (item->type == LIMIT_CONTAINER) {
            check_containers(a, item, value_get(spec, "containers"), out);
            check_containers(a, item, value_get(spec, "initContainers"), out);
            return;
        }
        requests = pod_amounts(a, spec, "requests");
        limits = pod_amounts(a, spec, "limits");
    } else {
        return;
    }
    check_bounds(&(struct bounds){ a, limit_type_names[item->type], item,
                                   &requests, &limits, out });
}

/* "a", or "[a, b]". */
static const char *joined(struct arena *a, const sentences *all)
{
    struct buf text = { 0 };
    const char *out;

    for (size_t i = 0; i < all->len; i++)
        buf_printf(&text, "%s%s", i ? ", " : "", all->items[i]);
    out = all->len == 1 ? arena_strdup(a, text.text)
                        : arena_printf(a, "[%s]", text.text);
    buf_free(&text);
    return out;
}

static bool has_ranges(const struct world *w, const char *space)
{
    for (size_t i = 0; i < api_count(w->api, KIND_LIMITRANGE); i++)
        if (strcmp(api_at(w->api, KIND_LIMITRANGE, i)->space, space) == 0)
            return true;
    return false;
}

static enum api_code admit(struct world *w, const struct meta *old,
                           struct meta *draft, const char **reason)
{
    sentences wrong = { 0 };
    enum api_code code = API_OK;

    if ((draft->kind != KIND_POD && draft->kind != KIND_CLAIM) ||
        (old && draft->kind == KIND_POD) || !has_ranges(w, draft->space))
        return API_OK;
    if (draft->kind == KIND_POD)
        code = set_defaults(w, pod_of(draft), reason);
    if (code != API_OK)
        return code;
    for (size_t i = 0; i < api_count(w->api, KIND_LIMITRANGE); i++) {
        const struct limit_range *l =
            limit_range_seen(api_at(w->api, KIND_LIMITRANGE, i));

        for (size_t k = 0;
             strcmp(l->meta.space, draft->space) == 0 && k < l->len; k++)
            check_item(w->arena, &l->items[k], draft, &wrong);
    }
    return wrong.len == 0 ? API_OK
                          : admission_forbid(w, draft, reason, "%s",
                                             joined(w->arena, &wrong));
}

const struct admission admission_limits = {
    .name = "LimitRanger",
    .doc = "sets defaults and holds pods and claims to LimitRanges",
    .admit = admit,
};
