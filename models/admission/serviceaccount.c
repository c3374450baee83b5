/*
 * serviceaccount.c - admission by ServiceAccount: the account of a pod must be
 * there.
 *
 * Every namespace has the account "default".  A scenario that brings no
 * ServiceAccount for a namespace has all those that its pods name.
 *
 * Source: plugin/pkg/admission/serviceaccount at v1.36.2; reference 10.
 */
#include <string.h>

#include "admission.h"
#include "models/pod.h"
#include "models/world.h"

/* Does the scenario say which accounts this namespace has? */
static bool says_which(const struct world *w, const char *space)
{
    for (size_t i = 0; i < api_count(w->api, KIND_SERVICEACCOUNT); i++)
        if (strcmp(api_at(w->api, KIND_SERVICEACCOUNT, i)->space, space) == 0)
            return true;
    return false;
}

static enum api_code admit(struct world *w, const struct meta *old,
                           struct meta *draft, const char **reason)
{
    const char *name;

    if (old || draft->kind != KIND_POD)
        return API_OK;
    name = pod_seen(draft)->template->spec->service_account;
    if (!name || strcmp(name, "default") == 0 || !says_which(w, draft->space) ||
        api_find(w->api, KIND_SERVICEACCOUNT, draft->space, name))
        return API_OK;
    return admission_forbid(w, draft, reason, "error looking up service "
                            "account %s/%s: serviceaccount \"%s\" not found",
                            draft->space, name, name);
}

const struct admission admission_serviceaccount = {
    .name = "ServiceAccount",
    .doc = "refuses pods whose ServiceAccount is not there",
    .admit = admit,
};
