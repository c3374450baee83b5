/*
 * update.c - objects as they were written, and what an update may not change.
 *
 * Differs from the API server: for Jobs it lets scheduling directives of a
 * suspended Job change; here its template never may.
 *
 * Source: Validate...Update of apps, batch and core validation, Kubernetes
 * 1.36 (reference 11.2).
 */
#include "models/argo.h"
#include "models/batch.h"
#include "models/budget.h"
#include "models/claim.h"
#include "models/config.h"
#include "models/custom.h"
#include "models/daemonset.h"
#include "models/flagger.h"
#include "models/hpa.h"
#include "models/ingress.h"
#include "models/netpol.h"
#include "models/limitrange.h"
#include "models/network.h"
#include "models/priority.h"
#include "models/quota.h"
#include "models/rbac.h"
#include "models/route.h"
#include "models/statefulset.h"
#include "models/volume.h"
#include "models/workload.h"
#include "read.h"

const struct value *object_raw(const struct meta *m)
{
    switch (m->kind) {
    case KIND_DEPLOYMENT:
        return deployment_seen(m)->raw;
    case KIND_REPLICASET:
    case KIND_RC:
        return replicaset_seen(m)->raw;
    case KIND_STATEFULSET:
        return statefulset_seen(m)->raw;
    case KIND_DAEMONSET:
        return daemonset_seen(m)->raw;
    case KIND_JOB:
        return batch_job_seen(m)->raw;
    case KIND_CLAIM:
        return claim_seen(m)->raw;
    case KIND_VOLUME:
        return volume_seen(m)->raw;
    case KIND_CLASS:
        return storage_class_seen(m)->raw;
    case KIND_CRONJOB:
        return cronjob_seen(m)->raw;
    case KIND_HPA:
        return hpa_seen(m)->raw;
    case KIND_PDB:
        return budget_seen(m)->raw;
    case KIND_SERVICE:
        return service_seen(m)->raw;
    case KIND_ROLLOUT:
        return argo_seen(m)->raw;
    case KIND_CANARY:
        return flagger_seen(m)->raw;
    case KIND_INGRESS:
        return ingress_seen(m)->raw;
    case KIND_HTTPROUTE:
        return httproute_seen(m)->raw;
    case KIND_NETPOL:
        return netpol_seen(m)->raw;
    case KIND_SERVICEACCOUNT:
        return service_account_seen(m)->raw;
    case KIND_ROLE:
    case KIND_CLUSTERROLE:
        return role_seen(m)->raw;
    case KIND_ROLEBINDING:
    case KIND_CLUSTERROLEBINDING:
        return role_binding_seen(m)->raw;
    case KIND_PRIORITYCLASS:
        return priority_class_seen(m)->raw;
    case KIND_LIMITRANGE:
        return limit_range_seen(m)->raw;
    case KIND_QUOTA:
        return quota_seen(m)->raw;
    case KIND_CONFIGMAP:
    case KIND_SECRET:
    case KIND_NAMESPACE:
        return config_seen(m)->raw;
    case KIND_CRD:
        return crd_seen(m)->raw;
    case KIND_CUSTOM:
        return custom_seen(m)->raw;
    default:
        return NULL;
    }
}

/* Equal, or both absent. */
static bool same(const struct value *a, const struct value *b)
{
    return a == b || (a && b && value_equal(a, b));
}

/* Report a field that differs. */
static void check_immutable(struct reader *r, const struct at *old,
                            const struct at *new, const char *key)
{
    struct at was = at_field(old, key), is = at_field(new, key);
    struct diag *d;

    if (same(was.v, is.v))
        return;
    d = fault(r, &is, "Invalid", "may not be changed");
    diag_help(r->errors, d, "delete the object and create it anew");
}

/* All of the spec but these fields. */
static void check_rest(struct reader *r, const struct at *old,
                       const struct at *new, const char *const *changeable)
{
    const struct value *was = old->v, *is = new->v;

    for (size_t i = 0; changeable[i] != NULL; i++) {
        const struct value *now = value_get(is, changeable[i]);

        was = value_set(r->arena, was, changeable[i], now);
        if (now == NULL)
            is = value_set(r->arena, is, changeable[i], NULL);
    }
    if (!same(was, is))
        fault_forbidden(r, new, "may only be changed in replicas, ordinals, "
                        "template, updateStrategy, revisionHistoryLimit, "
                        "persistentVolumeClaimRetentionPolicy and "
                        "minReadySeconds");
}

/* An immutable ConfigMap or Secret keeps its data. */
static void check_config(struct reader *r, const struct meta *old,
                         const struct at *was, const struct at *is)
{
    static const char *const keys[] = { "data", "binaryData", "stringData" };

    if (!config_seen(old)->immutable)
        return;
    check_immutable(r, was, is, "immutable");
    for (size_t i = 0; i < 3; i++)
        check_immutable(r, was, is, keys[i]);
}

void object_check_update(struct arena *a, const struct meta *old,
                         const struct meta *new, struct err_list *errors)
{
    static const char *const stateful[] = { "replicas", "ordinals",
        "template", "updateStrategy", "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy", "minReadySeconds", NULL };
    static const char *const job[] = { "selector", "template",
        "completionMode", "podFailurePolicy", "backoffLimitPerIndex",
        "successPolicy" };
    struct reader r = reader_of(a, errors);
    struct at was = at_root(object_raw(old), "");
    struct at is = at_root(object_raw(new), "");
    struct at old_spec = at_field(&was, "spec");
    struct at new_spec = at_field(&is, "spec");

    if (was.v == NULL || is.v == NULL)
        return;
    if (old->kind == KIND_STATEFULSET)
        check_rest(&r, &old_spec, &new_spec, stateful);
    else if (old->kind == KIND_CONFIGMAP || old->kind == KIND_SECRET)
        check_config(&r, old, &was, &is);
    else if (old->kind == KIND_DEPLOYMENT || old->kind == KIND_REPLICASET
             || old->kind == KIND_DAEMONSET || old->kind == KIND_ROLLOUT)
        check_immutable(&r, &old_spec, &new_spec, "selector");
    for (size_t i = 0; old->kind == KIND_JOB
         && i < sizeof job / sizeof job[0]; i++)
        check_immutable(&r, &old_spec, &new_spec, job[i]);
    if (old->kind == KIND_ROLEBINDING || old->kind == KIND_CLUSTERROLEBINDING)
        check_immutable(&r, &was, &is, "roleRef");
    if (old->kind == KIND_PRIORITYCLASS) {
        check_immutable(&r, &was, &is, "value");
        check_immutable(&r, &was, &is, "preemptionPolicy");
    }
    if (old->kind == KIND_QUOTA) {
        check_immutable(&r, &old_spec, &new_spec, "scopes");
        check_immutable(&r, &old_spec, &new_spec, "scopeSelector");
    }
    if (old->kind == KIND_CLAIM
        && claim_seen(new)->spec.bytes < claim_seen(old)->spec.bytes)
        fault_forbidden(&r, &new_spec, "may not ask for less than before");
}
