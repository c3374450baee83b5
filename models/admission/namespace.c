/*
 * namespace.c - admission by NamespaceLifecycle: nothing is made in a namespace
 * that is not there, or on its way out.
 *
 * A namespace that a scenario's manifests use and do not describe is there all
 * along, as are default and those of the system.  A Namespace is made with the
 * finalizer of Kubernetes, which its controller takes off when it is empty.
 *
 * Source: apiserver pkg/admission/plugin/namespace/lifecycle at v1.36.2;
 * reference 10.6.
 */
#include <string.h>

#include "admission.h"
#include "models/world.h"

/* Do the manifests use it without describing it? */
static bool is_implied(const struct world *w, const char *space)
{
    bool used = strcmp(space, "default") == 0 ||
                strncmp(space, "kube-", 5) == 0;

    for (size_t i = 0; i < w->spec->nmanifests; i++) {
        const struct manifest *m = &w->spec->manifests[i];

        if (m->kind == KIND_NAMESPACE && strcmp(m->name, space) == 0)
            return false;
        used |= m->space && strcmp(m->space, space) == 0;
    }
    return used;
}

/* The finalizers as given, and that of Kubernetes. */
static void finalize(struct world *w, struct meta *draft)
{
    const char **all;
    size_t n = 0;

    while (draft->finalizers && draft->finalizers[n])
        n++;
    all = arena_many(w->arena, const char *, n + 2);
    for (size_t i = 0; i < n; i++)
        all[i] = draft->finalizers[i];
    all[n] = "kubernetes";
    draft->finalizers = all;
}

static enum api_code admit(struct world *w, const struct meta *old,
                           struct meta *draft, const char **reason)
{
    const struct meta *m;

    if (old)
        return API_OK;
    if (draft->kind == KIND_NAMESPACE) {
        finalize(w, draft);
        return API_OK;
    }
    if (!kind_ops_of(draft->kind)->namespaced)
        return API_OK;
    m = api_find(w->api, KIND_NAMESPACE, "", draft->space);
    if (m && meta_deleting(m))
        return admission_forbid(w, draft, reason, "unable to create new "
                                "content in namespace %s because it is being "
                                "terminated", draft->space);
    if (m || world_now(w) == 0 ||       /* manifests come in any order */
        is_implied(w, draft->space))
        return API_OK;
    *reason = arena_printf(w->arena, "namespaces \"%s\" not found",
                           draft->space);
    return API_NOT_FOUND;
}

const struct admission admission_namespace = {
    .name = "NamespaceLifecycle",
    .doc = "refuses what would go into no namespace, or a terminating one",
    .admit = admit,
};
