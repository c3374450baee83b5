/*
 * priority.c - admission by Priority: a pod's class becomes its number.
 *
 * Pods that name no class have that of the global default, or 0.  A scenario
 * without any PriorityClass has all those that its pods name, of value 0.
 *
 * Source: plugin/pkg/admission/priority at v1.36.2; reference 4.1.
 */
#include <string.h>

#include "admission.h"
#include "models/pod.h"
#include "models/priority.h"
#include "models/world.h"

static const struct priority_class *global_default(const struct world *w)
{
    const struct priority_class *found = NULL;

    for (size_t i = 0; i < api_count(w->api, KIND_PRIORITYCLASS); i++) {
        const struct priority_class *c =
            priority_class_seen(api_at(w->api, KIND_PRIORITYCLASS, i));

        if (c->global_default && (!found || c->value < found->value))
            found = c;
    }
    return found;
}

/* Is it one of the two classes that every cluster has? */
static bool is_system(const char *name)
{
    return strcmp(name, "system-cluster-critical") == 0 ||
           strcmp(name, "system-node-critical") == 0;
}

/* A second global default is refused. */
static enum api_code admit_class(struct world *w, const struct meta *draft,
                                 const char **reason)
{
    const struct priority_class *was = global_default(w);

    if (!priority_class_seen(draft)->global_default || !was ||
        strcmp(was->meta.name, draft->name) == 0)
        return API_OK;
    return admission_forbid(w, draft, reason, "PriorityClass %s is already "
                            "marked as default. Only one default can exist",
                            was->meta.name);
}

static enum api_code admit(struct world *w, const struct meta *old,
                           struct meta *draft, const char **reason)
{
    const struct priority_class *c = NULL;
    const struct pod_spec *spec;
    const struct meta *m;
    struct pod *p;

    if (draft->kind == KIND_PRIORITYCLASS)
        return admit_class(w, draft, reason);
    if (old || draft->kind != KIND_POD)
        return API_OK;
    p = pod_of(draft);
    spec = p->template->spec;
    p->priority = spec->priority;
    p->preempt_never = spec->preempt_never;
    if (api_count(w->api, KIND_PRIORITYCLASS) == 0)
        return API_OK;
    if (spec->priority_class) {
        m = api_find(w->api, KIND_PRIORITYCLASS, "", spec->priority_class);
        if (!m && !is_system(spec->priority_class))
            return admission_forbid(w, draft, reason, "no PriorityClass with "
                                    "name %s was found",
                                    spec->priority_class);
        c = m ? priority_class_seen(m) : NULL;
    } else {
        c = global_default(w);
    }
    if (c) {
        p->priority = c->value;
        p->preempt_never |= c->never;
    }
    return API_OK;
}

const struct admission admission_priority = {
    .name = "Priority",
    .doc = "gives pods the priority of their class",
    .admit = admit,
};
