/*
 * certificate.c - kubectl certificate approve and deny: whether a node that
 * asks to join gets its certificate.
 *
 * Not modelled: the right to approve for a signer.
 */
#include "kubectl_impl.h"
#include <string.h>
#include "models/csr.h"

static bool decide(struct kubectl *k, size_t i, bool approve)
{
    const char *word = k->c.words[i], *slash = strchr(word, '/');
    struct target t = { KIND_CSR, "csr", slash ? slash + 1 : word, NULL };
    const struct meta *m = kubectl_find(k, &t);
    struct meta *draft;

    if (!m || !kubectl_may(k, "update", KIND_CSR, "approval", NULL, m->name))
        return false;
    draft = api_draft(k->w->api, m);
    csr_of(draft)->approved |= approve;
    csr_of(draft)->denied |= !approve;
    api_update_status(k->w->api, draft, &m, NULL);
    kubectl_say(k, m, "%s %s", kubectl_label(k->arena, m),
                approve ? "approved" : "denied");
    return i + 1 < k->c.nwords;
}

static bool approve_step(struct kubectl *k, size_t i)
{
    return decide(k, i, true);
}

static bool deny_step(struct kubectl *k, size_t i)
{
    return decide(k, i, false);
}

const struct verb_ops verb_certificate_approve = {
    .name = "certificate approve",
    .usage = "NAME...",
    .doc = "give nodes that ask to join (node-csr-NODE) their certificate",
    .min_words = 1,
    .step = approve_step,
};

const struct verb_ops verb_certificate_deny = {
    .name = "certificate deny",
    .usage = "NAME...",
    .doc = "refuse it",
    .min_words = 1,
    .step = deny_step,
};
