/*
 * cordon.c - kubectl cordon and uncordon: close a node to new pods, or open it
 * again.  Pods that run there stay.
 */
#include "kubectl_impl.h"
#include <string.h>
#include "models/node.h"

/* Cordon takes "n1", "node/n1" or "nodes n1"; so does uncordon. */
static const struct meta *find_node(struct kubectl *k, size_t i)
{
    const char *word = k->c.words[i];
    const char *slash = strchr(word, '/');
    struct target t = { KIND_NODE, "node", slash ? slash + 1 : word, NULL };

    return kubectl_find(k, &t);
}

/* Returns the node; NULL, refused, if there is none. */
static const struct meta *set_unschedulable(struct kubectl *k, size_t i,
                                            bool to)
{
    const char *done = to ? "cordoned" : "uncordoned";
    const struct meta *m = find_node(k, i);
    struct meta *draft;

    if (!m)
        return NULL;
    if (node_seen(m)->unschedulable == to) {
        kubectl_say(k, m, "node/%s already %s", m->name, done);
        return m;
    }
    draft = api_draft(k->w->api, m);
    node_of(draft)->unschedulable = to;
    kubectl_update(k, draft, done);
    return api_get(k->w->api, m->uid);
}

const struct meta *kubectl_cordon(struct kubectl *k, size_t i)
{
    return set_unschedulable(k, i, true);
}

static bool cordon_step(struct kubectl *k, size_t i)
{
    return set_unschedulable(k, i, true) && i + 1 < k->c.nwords;
}

static bool uncordon_step(struct kubectl *k, size_t i)
{
    return set_unschedulable(k, i, false) && i + 1 < k->c.nwords;
}

const struct verb_ops verb_cordon = {
    .name = "cordon",
    .usage = "NODE...",
    .doc = "close a node to new pods",
    .min_words = 1,
    .step = cordon_step,
};

const struct verb_ops verb_uncordon = {
    .name = "uncordon",
    .usage = "NODE...",
    .doc = "open a node to new pods again",
    .min_words = 1,
    .step = uncordon_step,
};
