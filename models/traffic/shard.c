/*
 * shard.c - who has the data of a request, if they are split.
 *
 * An ambassador beside the client (twemproxy, a client library) knows how many
 * shards there are: `shards` pods of a StatefulSet, called NAME-0, NAME-1, ....
 * It sends a request to the one that has its key, and to no other: while that
 * pod is away, its keys are.  The key is the user, where users are counted, else
 * the request's own; the m-th call of one job goes m shards further, so that a
 * root that calls as many times as there are shards asks each of them once.
 *
 * It finds a pod by its name, among those that the node's rules of the Service
 * list: it looks the name up, and is told if it is not there.
 *
 * Not modelled: moving of keys when the number of shards changes; replicas of a
 * shard (give each shard a StatefulSet and a Service of its own).
 * Source: Burns, Designing Distributed Systems, chapters 3 and 6.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "traffic_impl.h"

/* The shard of a request. */
static unsigned shard_of(const struct ask *a)
{
    const struct sender *s = a->sender;
    int64_t key = s->users > 0 ? (int64_t)a->user : a->i;

    if (a->parent)
        return a->shard;
    return (unsigned)(fnv64(FNV_START, &key, sizeof(key)) %
                      (uint64_t)s->shards);
}

/* Is "NAME-k" the name of this process's pod? */
static bool is_shard(struct traffic *t, struct process *p, unsigned k)
{
    const char *dash = p ? strrchr(server_of(t, p)->pod, '-') : NULL;
    char *end;

    return dash && dash[1] >= '0' && dash[1] <= '9' &&
           strtoul(dash + 1, &end, 10) == k && *end == '\0';
}

const struct rule *shard_pick(struct traffic *t, const struct ask *a,
                              struct rules *r)
{
    unsigned k = shard_of(a);

    for (size_t i = r->len; i-- > 0;) {         /* the newest of a name */
        const struct rule *rule = rules_resolve(r, i);

        if (is_shard(t, rule->process, k))
            return rule;
    }
    return NULL;
}
