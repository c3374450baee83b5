/*
 * prestop.c - the same scenario with a pause before pods stop.
 *
 * The pause is written into the manifests, as their author would: a preStop
 * that sleeps.  Documents that actions apply are left as they are.
 */
#include "app/prestop.h"

#include <math.h>

#include "base/units.h"
#include "base/value.h"

#define GRACE 30.0              /* the default */

static bool has_pods(enum kind k)
{
    return k == KIND_DEPLOYMENT || k == KIND_STATEFULSET ||
           k == KIND_DAEMONSET || k == KIND_REPLICASET || k == KIND_ROLLOUT;
}

/* The containers of a template, each with this preStop; "" if it has none. */
static const char *containers_of(struct arena *a, const struct value *pod,
                                 const char *hook)
{
    const struct value *list = value_get(pod, "containers");
    const char *text = "";

    for (size_t i = 0; list && i < list->len; i++)
        text = arena_printf(a, "%s%s{name: %s, lifecycle: {preStop: %s}}",
                            text, i ? ", " : "",
                            value_text(value_get(list->u.items[i], "name"),
                                       ""), hook);
    return text;
}

static const struct value *with_pause(struct arena *a, const struct value *v,
                                      double seconds)
{
    const struct value *pod = value_at(v, "spec.template.spec");
    const char *hook = arena_printf(
        a, "{exec: {command: [sleep, \"%g\"]}, sleep: null, httpGet: null, "
        "tcpSocket: null}", seconds);
    const char *containers = containers_of(a, pod, hook);
    const char *given = value_text(value_get(pod, "terminationGracePeriod"
                                             "Seconds"), NULL), *why;
    double grace = GRACE;

    if (!*containers)
        return v;
    if (given && !parse_real(given, &grace, &why))
        grace = GRACE;
    if (seconds >= grace)
        grace = ceil(seconds) + GRACE;
    return value_strategic(a, v, value_flow(a, arena_printf(
        a, "{spec: {template: {spec: {terminationGracePeriodSeconds: %.0f, "
        "containers: [%s]}}}}", grace, containers), NULL));
}

const struct spec *prestop_spec(struct arena *a, const struct spec *s,
                                double seconds)
{
    struct spec *copy = arena_memdup(a, s, sizeof(*s));
    struct manifest *manifests = arena_many(a, struct manifest,
                                            s->nmanifests);

    for (size_t i = 0; i < s->nmanifests; i++) {
        manifests[i] = s->manifests[i];
        if (has_pods(manifests[i].kind))
            manifests[i].value = with_pause(a, manifests[i].value, seconds);
    }
    copy->manifests = manifests;
    return copy;
}
