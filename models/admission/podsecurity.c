/*
 * podsecurity.c - admission by Pod Security: what the labels of a namespace
 * say about pods.
 *
 * pod-security.kubernetes.io/enforce refuses pods that violate its level;
 * warn makes kubectl print a warning, also about the workloads that would make
 * such pods, and has the level of enforce if that is stricter; audit leaves a
 * note.  Workloads themselves are never refused: their ReplicaSets are, pod by
 * pod.  Not in 1.20.
 *
 * Source: k8s.io/pod-security-admission admission/admission.go at v1.36.2;
 * reference 10.3.
 */
#include <string.h>

#include "admission.h"
#include "models/batch.h"
#include "models/daemonset.h"
#include "models/pod.h"
#include "models/record.h"
#include "models/statefulset.h"
#include "models/workload.h"
#include "models/world.h"
#include "podsecurity.h"

#define LABEL "pod-security.kubernetes.io/"

static const char *const level_names[] = { "privileged", "baseline",
                                           "restricted" };

struct rule {                   /* of one mode */
    enum security_level level;
    const char *version;
};

/* A level that cannot be read is taken for the strictest. */
static struct rule rule_of(const struct labels *l, const char *level_key,
                           const char *version_key)
{
    const char *word = labels_get(l, level_key);
    struct rule r = { word ? LEVEL_RESTRICTED : LEVEL_PRIVILEGED,
                      labels_get(l, version_key) };

    for (int i = LEVEL_PRIVILEGED; word && i <= LEVEL_RESTRICTED; i++)
        if (strcmp(word, level_names[i]) == 0)
            r.level = (enum security_level)i;
    if (!r.version)
        r.version = "latest";
    return r;
}

/* The pod, or the template of the pods to come; NULL if m makes none. */
static const struct pod_template *template_of(const struct meta *m)
{
    switch (m->kind) {
    case KIND_POD:
        return pod_seen(m)->template;
    case KIND_DEPLOYMENT:
        return deployment_seen(m)->template;
    case KIND_REPLICASET:
    case KIND_RC:
        return replicaset_seen(m)->template;
    case KIND_STATEFULSET:
        return statefulset_seen(m)->template;
    case KIND_DAEMONSET:
        return daemonset_seen(m)->template;
    case KIND_JOB:
        return batch_job_seen(m)->spec->template;
    case KIND_CRONJOB:
        return cronjob_seen(m)->job->template;
    default:
        return NULL;
    }
}

/* "restricted:latest": what is wrong with it by the rule; NULL: nothing. */
static const char *faults(struct world *w, const struct rule *r,
                          const struct pod_template *t)
{
    const char *why = r->level == LEVEL_PRIVILEGED
                          ? NULL : podsecurity_faults(w->arena, r->level, t);

    return why ? arena_printf(w->arena, "violate PodSecurity \"%s:%s\": %s",
                              level_names[r->level], r->version, why) : NULL;
}

static enum api_code admit(struct world *w, const struct meta *old,
                           struct meta *draft, const char **reason)
{
    const struct pod_template *t = template_of(draft);
    const struct meta *space = t ? api_find(w->api, KIND_NAMESPACE, "",
                                            draft->space) : NULL;
    struct rule enforce, warn, audit;
    const char *why;

    if (!space || world_is(w, KUBE_1_20) || (old && template_of(old) == t))
        return API_OK;
    enforce = rule_of(space->labels, LABEL "enforce",
                      LABEL "enforce-version");
    warn = rule_of(space->labels, LABEL "warn", LABEL "warn-version");
    audit = rule_of(space->labels, LABEL "audit", LABEL "audit-version");
    if (enforce.level > warn.level)
        warn = enforce;
    why = draft->kind == KIND_POD ? faults(w, &enforce, t) : NULL;
    if (why)                    /* "violates", of a pod */
        return admission_forbid(w, draft, reason, "violates%s",
                                why + strlen("violate"));
    why = faults(w, &audit, t);
    if (why)
        record_note(w, "Audit", "PodSecurity", draft->space, draft->name,
                    arena_printf(w->arena, "would %s", why));
    why = faults(w, &warn, t);
    if (why)
        *reason = arena_printf(w->arena, "would %s", why);
    return API_OK;
}

const struct admission admission_podsecurity = {
    .name = "PodSecurity",
    .doc = "refuses pods that violate the level of their namespace",
    .admit = admit,
};
